"""What the command line of the server takes, before anything is started."""

import argparse
import stat
from pathlib import Path

import pytest

from vcam.commands import serve
from vcam.errors import ConfigError
from vcam.paths import Paths


def read(*words: str) -> object:
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    return serve.read_options(parser.parse_args(words))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "photos.example.org"])
def test_who_lets_others_in_needs_a_token(host: str, paths: Paths) -> None:
    with pytest.raises(ConfigError, match="expected a token then: add --token-file"):
        read("--host", host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_this_machine_alone_needs_none(host: str, paths: Paths) -> None:
    read("--host", host)


def test_a_token_file_that_is_not_there_is_made_for_its_user_alone(tmp_path: Path, paths: Paths) -> None:
    path = tmp_path / "token"
    first, second = (read("--host", "0.0.0.0", "--token-file", str(path)) for _ in range(2))
    assert first == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().strip()) >= 32


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        ("a-token-of-many-letters", 0o644, "chmod 600"),
        ("short", 0o600, "16 or more"),
        ("", 0o600, "16 or more"),
        ("two words that are long", 0o600, "in one line"),
        ("x" * 2000, 0o600, "larger than"),
    ],
)
def test_a_token_that_protects_nothing_is_refused(
    tmp_path: Path, paths: Paths, content: str, mode: int, words: str
) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=words):
        read("--token-file", str(path))


def test_the_environment_may_hold_the_token(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> None:
    monkeypatch.setenv(serve.TOKEN_VARIABLE, "a-token-of-many-letters")
    read("--host", "0.0.0.0")


@pytest.mark.parametrize(
    "words", [("--port", "70000"), ("--workers", "1000"), ("--max-pixels", "0"), ("--max-seconds", "nan")]
)
def test_a_number_out_of_its_range_is_refused(words: tuple[str, str], paths: Paths) -> None:
    with pytest.raises(ConfigError, match=rf"{words[0]} .* is outside"):
        read(*words)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "NEEDS", ("no_such_package",))
    with pytest.raises(ConfigError, match=r"pip install 'sharpkd-camera\[serve\]'"):
        serve.check_extra()
