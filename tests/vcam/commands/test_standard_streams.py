"""What commands do where a standard stream is closed, full, or of few characters."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from program import PATIENCE_S, ROOT, Program

from vcam import cli, entry

SHORT_RUN = "run --source sample --sink null --frames 3"


def shell(words: str, redirection: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """One command as a shell starts it."""
    line = f"exec {shlex.quote(sys.executable)} -m vcam.entry {words} {redirection}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
    )


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_does_not_keep_a_file_from_being_restored(
    program: Program, tmp_path: Path, closed: str
) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.zeros((48, 64, 3), np.uint8))
    answer = shell(f"enhance {tmp_path}/p.png {tmp_path}/o.png", closed)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert cv2.imread(str(tmp_path / "o.png")) is not None


@pytest.mark.parametrize("closed", [">&-", "<&-", ">&- 2>&-"])
@pytest.mark.parametrize("words", [SHORT_RUN, "config", "--help"])
def test_a_closed_stream_is_no_error(program: Program, closed: str, words: str) -> None:
    answer = shell(words, closed)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_closed_stream_is_no_error_of_record(program: Program, tmp_path: Path) -> None:
    words = f"record {tmp_path}/me.mkv --source pattern --seconds 0.2"
    assert shell(words, "<&- >&- 2>&-").returncode == 0
    assert (tmp_path / "me.mkv").stat().st_size > 0


@pytest.mark.parametrize(
    "words",
    ["config", "completion bash", "--help", "help", "help --man", "start --help", f"{SHORT_RUN} --json"],
)
def test_output_that_cannot_be_written_is_one_line_and_an_exit_code(program: Program, words: str) -> None:
    answer = shell(words, "> /dev/full")
    assert answer.returncode == 1
    assert answer.stderr == (
        "sharpkd: cannot write to standard output: No space left on device. "
        "Free some space, or write elsewhere\n"
    )


def test_an_error_that_cannot_be_told_keeps_its_exit_code(program: Program) -> None:
    assert shell("status", "> /dev/full 2> /dev/full").returncode == 3
    assert shell("run --strength 7", "2> /dev/full").returncode == 2


def test_a_reader_that_has_gone_is_told_nothing(program: Program) -> None:
    answer = shell("completion bash", "> >(true)")
    assert answer.stderr == ""
    assert answer.returncode in (0, 1)


def test_a_bug_keeps_its_traceback_though_it_is_an_os_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> int:
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr("vcam.commands.pause.run", fail)
    with pytest.raises(OSError, match="somewhere"):
        cli.main(["pause"])


def test_a_character_that_a_stream_does_not_know_is_written_by_its_number(
    program: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    cv2.imwrite(str(folder / "p.png"), np.zeros((48, 64, 3), np.uint8))
    answer = shell(f"watch {folder} {tmp_path}/ünïcode --once", PYTHONIOENCODING="ascii")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "\\xfcn\\xefcode" in answer.stdout


def test_an_interruption_while_the_command_line_is_loaded_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupt:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "vcam.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "vcam.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupt(), *sys.meta_path])
    assert entry.main() == 130
