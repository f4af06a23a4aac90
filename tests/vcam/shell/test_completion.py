"""Real shells complete the program's words; those that are not installed are left out."""

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from vcam import cli
from vcam.commands.completion import make_script
from vcam.config.settings import PROVIDERS
from vcam.shell.words import list_commands, setting_words

SHELLS = ("bash", "zsh", "fish")
ASK = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sharpkd'
COMPLETE = {
    "bash": f"""source "$0"; {ASK}; printf '%s\\n' "${{COMPREPLY[@]}}" """,
    "zsh": f"""compdef() {{ :; }}
        source "$0"
        ask() {{ emulate -L ksh; {ASK}; print -l -- "${{COMPREPLY[@]}}"; }}
        ask "$@" """,
    "fish": 'source $argv[1]; complete -C (string join -- " " $argv[2..])',
}


@pytest.fixture(scope="module")
def parser() -> argparse.ArgumentParser:
    return cli.make_parser()


@pytest.fixture(scope="module", params=SHELLS)
def shell(
    request: pytest.FixtureRequest, parser: argparse.ArgumentParser, tmp_path_factory
) -> tuple[str, Path]:  # type: ignore[no-untyped-def]
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param}")
    script = tmp_path_factory.mktemp("shell") / "script"
    script.write_text(make_script(request.param, parser))
    return request.param, script


def completed(shell: tuple[str, Path], *words: str) -> set[str]:
    """What a shell offers for the last of the words."""
    name, script = shell
    command = [name, *(["-f"] if name == "zsh" else []), "-c", COMPLETE[name], str(script), "sharpkd", *words]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.stderr == ""
    offered = {line.partition("\t")[0] for line in said.stdout.splitlines() if line}
    # of what a function offers, zsh itself shows what begins like the word
    return {word for word in offered if word.startswith(words[-1])} if name == "zsh" else offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sta"], {"start", "status"}),
        (["toggle", ""], {"freeze", "mirror", "pause"}),
        (["run", "--si"], {"--sink", "--size"}),
        (["start", "--sour"], {"--source"}),
        (["run", "--provider", "c"], {"cpu", "cuda"}),
        (["set", "card_"], {"card_title", "card_text", "card_picture"}),
        (["set", "provider", "c"], {"cpu", "cuda"}),
        (["set", "link", "27"], {"270p"}),
        (["set", "model", "fa"], {"fast"}),
        (["set", "strength", "1", "mirror", "t"], {"true"}),
        (["set", "--save", "mirror", "f"], {"false"}),
        (["config", "pan"], {"pan_x", "pan_y"}),
    ],
)
def test_words_are_completed(shell: tuple[str, Path], words: list[str], offered: set[str]) -> None:
    assert completed(shell, *words) == offered


def test_every_command_and_setting_is_known(parser: argparse.ArgumentParser) -> None:
    settings = setting_words(())
    commands = {one.name: one for one in list_commands(parser, settings)}
    assert set(commands) == set(cli.COMMANDS)
    assert set(commands["set"].words) == set(settings)
    assert commands["enhance"].takes_any
    assert commands["toggle"].words == ("freeze", "mirror", "pause")


def test_bash_takes_a_value_after_an_equals_sign(parser: argparse.ArgumentParser, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(make_script("bash", parser))
    assert completed(("bash", script), "run", "--provider", "=", "c") == {"cpu", "cuda"}
    assert completed(("bash", script), "run", "--provider", "=") == set(PROVIDERS)
