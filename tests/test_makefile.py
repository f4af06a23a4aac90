"""What `make` hands to Python for the paths that a user names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAME = "my clips [2026] (best) 'of' \"all\" & more;*"

PYTHON = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def called(folder: Path, *words: str) -> list[list[str]]:
    """The words of each call of Python that `make` makes, with an environment that counts as installed."""
    python, calls = folder / "venv/bin/python", folder / "calls"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    installed = ["-o", f"{folder}/venv/.dev", f"VENV={folder}/venv"]
    outer = ("ARGS", "MAKEFLAGS", "MAKEOVERRIDES")  # of the `make test ARGS=...` that may run this
    inherited = {key: value for key, value in os.environ.items() if key not in outer}
    env = {**inherited, "CALLS": str(calls), "HOME": str(folder)}
    subprocess.run(["make", *installed, *words], cwd=ROOT, env=env, check=True, capture_output=True)
    return [json.loads(line) for line in calls.read_text().splitlines()]


@pytest.mark.parametrize(
    ("target", "variable", "before"),
    [("distill", "DATA", "--data"), ("evaluate", "CLIPS", "evaluate"), ("far-end", "CLIPS", "evaluate")],
)
def test_a_folder_of_any_name_is_one_word(tmp_path: Path, target: str, variable: str, before: str) -> None:
    folder = tmp_path / NAME
    folder.mkdir()
    for words in called(tmp_path, target, f"{variable}={folder}"):
        assert words[words.index(before) + 1] == str(folder)


def test_the_folders_of_the_results_are_one_word_each(tmp_path: Path) -> None:
    sweep, report = called(tmp_path, "results", f"CLIPS=/a/{NAME}", f"STILLS=/b/{NAME}", f"PEERS=/c/{NAME}")
    assert sweep[2:] == ["sweep", f"/a/{NAME}", "--stills", f"/b/{NAME}", "--peers", f"/c/{NAME}"]
    assert report[2:] == ["report", "--peers", f"/c/{NAME}"]


def test_several_folders_are_several_words(tmp_path: Path) -> None:
    (words,) = called(tmp_path, "distill", "DATA=/one /two/[x]*")
    assert words[-3:] == ["--data", "/one", "/two/[x]*"]


def test_the_home_is_put_in_where_the_shell_has_not(tmp_path: Path) -> None:
    (tmp_path / "my clips").mkdir()
    (words,) = called(tmp_path, "distill", "DATA=~/my clips")
    assert words[-1] == f"{tmp_path}/my clips"


def test_the_studies_are_trained_from_nothing_teachers_first_and_then_compared(tmp_path: Path) -> None:
    *runs, sweep, report = called(tmp_path, "studies", "DATA=/a/x", f"CLIPS=/b/{NAME}")
    recipes = [words[words.index("--recipe") + 1] for words in runs]
    assert len(recipes) == 10
    assert all(
        f"{student}-teacher" == teacher for teacher, student in zip(recipes[::2], recipes[1::2], strict=True)
    )
    assert all("--from-scratch" in words for words in runs)
    assert sweep[sweep.index("sweep") + 1] == f"/b/{NAME}"
    assert report[-1] == "build/studies/results.md"
