"""What a closed terminal, and a polite end, leave behind."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from program import PATIENCE_S, ROOT, Program, wait_for


def start(*words: str, before: Callable[[], object] | None = None, **streams: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "vcam.cli", *words]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, preexec_fn=before, **streams)


def start_in_terminal(*words: str) -> tuple[subprocess.Popen[bytes], int]:
    """A command in a terminal of its own, and the window's end of it: closing that closes the terminal."""
    window, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    process = start(*words, before=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **streams)
    os.close(terminal)
    return process, window


def partials(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(".partial")]


def count_frames(path: Path) -> int:
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


def grown(folder: Path) -> bool:
    return any(path.stat().st_size > 0 for path in partials(folder))


@pytest.mark.parametrize("command", ["record", "run"])
def test_a_closed_terminal_ends_a_recording_and_keeps_it(
    program: Program, tmp_path: Path, command: str
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    path = str(folder / "me.mkv")
    words = ("record", path) if command == "record" else ("run", "--lossless", "--sink", path)
    process, window = start_in_terminal(*words, "--source", "pattern", "--size", "320x240")
    # a recording opens its file with the first frame, and the encoder keeps the first seconds to itself
    wait_for(lambda: bool(partials(folder)) if command == "record" else grown(folder))
    os.close(window)
    assert process.wait(PATIENCE_S) == 128 + signal.SIGHUP
    assert [entry.name for entry in folder.iterdir()] == ["me.mkv"]
    assert count_frames(Path(path)) > 0


def test_a_closed_terminal_ends_a_camera_that_was_started_in_it(program: Program) -> None:
    process, window = start_in_terminal("start", "--foreground")
    wait_for(lambda: program.pid == process.pid)
    os.close(window)
    assert process.wait(PATIENCE_S) == 0
    assert [path.name for path in program.paths.runtime.iterdir()] == ["page.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_ended_restoration_leaves_nothing(
    program: Program, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    clip = tmp_path / "long.mkv"
    assert program.run("run", "--frames", "150", "--no-restore", "--sink", str(clip)).returncode == 0
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = start("enhance", str(clip), str(folder / "out.mp4"), "--size", "1920x1080", **streams)
    wait_for(lambda: bool(partials(folder)))
    process.send_signal(number)
    process.send_signal(number)
    assert process.wait(PATIENCE_S) == 128 + number
    assert list(folder.iterdir()) == []


def test_nohup_keeps_a_command_running(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "me.mkv"
    words = ("record", str(path), "--source", "pattern", "--seconds", "2", "--size", "320x240")
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = start(*words, before=ignore, **streams)
    wait_for(lambda: bool(partials(tmp_path)))
    process.send_signal(signal.SIGHUP)
    assert process.wait(PATIENCE_S) == 0
    assert count_frames(path) > 30
