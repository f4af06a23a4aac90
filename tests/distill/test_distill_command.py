import json
from pathlib import Path

import pytest

from distill.__main__ import main

RECIPE = """
title = "a blur taken back by a few iterations"
[network]
name = "cellnet"
channels = 8
depth = 1
[data]
source = "stills"
degradation = "gaussian-blur"
luma = true
shards = 1
held_shards = 1
side = 48
kept = 32
frames = 1
holdout = 3
[training]
iterations = 6
batch = 2
crop = 16
check_every = 3
"""


def run(folder: Path, *options: str) -> int:
    """Run a recipe in `folder`; returns the exit code."""
    command = [
        "--threads",
        "1",
        "--build",
        str(folder / "build"),
        "--weights",
        str(folder / "weights"),
        "run",
    ]
    return main([*command, *options])


def test_a_run_goes_from_stills_to_a_record(
    media_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text(RECIPE)
    assert run(tmp_path, "--recipe", str(tmp_path / "mine.toml"), "--data", str(media_folder)) == 0
    record = json.loads((tmp_path / "weights" / "recipes" / "mine.json").read_text())
    assert (record["iterations"], record["onnx"]) == (6, "mine.onnx")
    assert [iteration for iteration, _ in record["curve"]] == [3, 6]
    assert "skipped 1 unreadable files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--recipe", "fastest"], 2, "distill: no recipe 'fastest'; choose one of: "),
        (["--recipe", "fast", "--data", "nowhere"], 4, "distill: no folder nowhere"),
        (
            ["--recipe", "fast", "--pretrained", "BSRGAN.pth"],
            2,
            "--pretrained BSRGAN.pth: expected NETWORK=FILE",
        ),
    ],
)
def test_what_a_person_can_mend_is_one_line_and_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, words: str
) -> None:
    assert run(tmp_path, *options) == code
    errors = capsys.readouterr().err
    assert words in errors
    assert len(errors.splitlines()) == 1


def test_the_list_names_recipes_and_their_teachers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--threads", "1", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "recipes:"
    assert any(line.startswith("  fast ") for line in lines)
    assert any("taught by nafnet, nafnet-window" in line for line in lines)
    assert any(line.startswith("  nafnet-window ") for line in lines[lines.index("teachers:") :])
