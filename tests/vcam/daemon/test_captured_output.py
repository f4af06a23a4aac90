"""What libraries write past Python, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from vcam.daemon.log_rate_limit import BURST

ROOT = Path(__file__).resolve().parents[3]
WRITE = """
import logging, os, sys
from vcam.daemon.log_rate_limit import RateLimitFilter
from vcam.daemon.captured_output import log_output

to_file = logging.FileHandler(sys.argv[1])
to_file.addFilter(RateLimitFilter())
logging.basicConfig(handlers=[to_file], format="%(message)s")
with log_output():
    {body}
os.write(2, b"after\\n")
"""


def run(folder: Path, body: str) -> tuple[list[str], str, int]:
    """The lines of the log, what the file that was handed over got, and the exit code."""
    command = [sys.executable, "-c", WRITE.format(body=body), str(folder / "log")]
    with (folder / "handed").open("wb") as handed:
        done = subprocess.run(command, cwd=ROOT, stdout=handed, stderr=handed, timeout=60, check=False)
    return (folder / "log").read_text().splitlines(), (folder / "handed").read_text(), done.returncode


def test_what_a_library_writes_is_a_line_of_the_log(tmp_path: Path) -> None:
    lines, handed, code = run(tmp_path, r"os.write(1, b'one\n'); os.write(2, b'\xff two\n\nthree')")
    assert (lines, handed, code) == (["one", "\ufffd two", "three"], "after\n", 0)


@pytest.mark.parametrize("text", [r"b'Corrupt JPEG data\n'", "b'no end of a line ' * 1000"])
def test_a_decoder_that_writes_a_line_a_frame_fills_nothing(tmp_path: Path, text: str) -> None:
    lines, handed, _ = run(tmp_path, f"[os.write(2, {text}) for _ in range(2000)]")
    assert (len(lines), handed) == (BURST, "after\n")


def test_the_stacks_of_a_crash_are_kept(tmp_path: Path) -> None:
    _, handed, code = run(tmp_path, "os.abort()")
    assert code < 0
    assert "Fatal Python error: Aborted" in handed


def test_a_terminal_or_pipe_is_left_alone() -> None:
    script = "from vcam.daemon.captured_output import log_output\nwith log_output(): print('here')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "here\n"
