"""`watch` as a process of its own, ended in every way there is."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from program import PATIENCE_S, ROOT, Program, wait_for
from video_files import write_video

from vcam import cli
from vcam.commands.watch import LOCK
from vcam.watch.arrivals import is_written
from vcam.watch.journal import NAME

SMALL = ("--size", "64x64")


class Watcher:
    """Starts `watch` as often as a test likes."""

    def __init__(self, root: Path) -> None:
        self.folder, self.out = root / "in", root / "out"
        self.folder.mkdir()
        self.log = root / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "vcam.cli", "watch", str(self.folder), str(self.out), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log
            )
        return self.process

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def copies(self) -> set[str]:
        return {str(path.relative_to(self.out)) for path in self.out.rglob("*.mp4")}

    def is_at_work(self) -> bool:
        return any(path.name.endswith(".partial") for path in self.out.rglob(".*"))

    def says(self, text: str) -> bool:
        return text in self.log.read_text()


@pytest.fixture
def watcher(program: Program, tmp_path: Path) -> Iterator[Watcher]:
    watcher = Watcher(tmp_path)
    yield watcher
    if watcher.process is not None and watcher.process.poll() is None:
        watcher.process.kill()
        watcher.process.wait(PATIENCE_S)


def test_once_restores_what_is_there_and_ends(
    program: Program, watcher: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    (watcher.folder / "sub").mkdir()
    write_video(watcher.folder / "a.mov", 3)
    write_video(watcher.folder / "sub" / "b.mkv", 3)
    (watcher.folder / "bad.mp4").write_text("no video")
    cv2.imwrite(str(watcher.folder / "one.png"), np.zeros((1, 1, 3), np.uint8))
    out = watcher.out = watcher.folder / "out"
    words = ["watch", str(watcher.folder), str(out), "--once", "--settle", "0", *SMALL]
    assert cli.main(words) == 4
    said = capsys.readouterr()
    assert said.err.count("\n") == 2
    assert "bad.mp4 is not a video" in said.err
    assert "one.png: the picture is 1x1" in said.err
    assert said.out.count(" -> ") == 2
    assert watcher.copies() == {"a.mp4", "sub/b.mp4"}
    assert (cli.main(words), *capsys.readouterr()) == (0, "", "")


def test_once_leaves_what_is_being_written(watcher: Watcher) -> None:
    path = write_video(watcher.folder / "a.mp4", 3)
    if is_written(path) is None:
        pytest.skip("no leases in this folder")
    words = ["watch", str(watcher.folder), str(watcher.out), "--once", "--settle", "0", *SMALL]
    with path.open("ab"):
        assert (cli.main(words), watcher.copies()) == (0, set())
    assert (cli.main(words), watcher.copies()) == (0, {"a.mp4"})


def test_a_recording_is_restored_when_its_writer_closes_it(watcher: Watcher, tmp_path: Path) -> None:
    content = write_video(tmp_path / "film.mp4", 3).read_bytes()
    watcher.start("--settle", "0.2", *SMALL)
    wait_for(lambda: (watcher.out / NAME).exists())
    with (watcher.folder / "a.mp4").open("wb") as file:
        file.write(content[:-100])
        file.flush()
        write_video(watcher.folder / "b.mp4", 3)
        wait_for(lambda: watcher.copies() == {"b.mp4"})  # it has had time for this one meanwhile
        file.write(content[-100:])
    wait_for(lambda: watcher.copies() == {"a.mp4", "b.mp4"})
    assert watcher.end(signal.SIGTERM) == 0
    assert not watcher.says("sharpkd: ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_end_in_the_middle_leaves_nothing_and_costs_nothing(
    watcher: Watcher, number: signal.Signals, code: int
) -> None:
    write_video(watcher.folder / "a.mp4", 2000)
    watcher.start("--settle", "0", "--size", "640x480")
    wait_for(watcher.is_at_work)
    assert watcher.end(number) == code
    assert watcher.copies() == set()
    assert watcher.is_at_work() == (number == signal.SIGKILL)
    write_video(watcher.folder / "a.mp4", 3)  # a shorter one, so that the test is short, too
    watcher.start("--once", "--settle", "0", *SMALL)
    assert watcher.process is not None
    assert watcher.process.wait(PATIENCE_S) == 0
    assert {path.name for path in watcher.out.iterdir()} == {"a.mp4", NAME}


def test_systemd_is_told(watcher: Watcher, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(PATIENCE_S)
        watcher.start(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert channel.recv(4096) == b"READY=1"
        assert channel.recv(4096) == b"STATUS=waiting for recordings"
        assert watcher.end(signal.SIGTERM) == 0
        assert channel.recv(4096) == b"STOPPING=1"


def test_an_output_that_cannot_be_written_is_a_sink_error(
    watcher: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    (watcher.out / LOCK).mkdir(parents=True)  # as root may write to a read-only folder, too
    assert cli.main(["watch", str(watcher.folder), str(watcher.out), "--once"]) == 5
    said = capsys.readouterr().err
    assert said.startswith(f"sharpkd: cannot write {watcher.out}: ")


def test_only_one_watch_writes_to_a_folder(watcher: Watcher, capsys: pytest.CaptureFixture[str]) -> None:
    process = watcher.start()
    wait_for(lambda: (watcher.out / NAME).exists())
    assert cli.main(["watch", str(watcher.folder), str(watcher.out)]) == 8
    said = capsys.readouterr().err
    assert f"another sharpkd watch writes to {watcher.out}, pid {process.pid}" in said


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("none", "out"), 4, "is not a folder"),
        (("in", "in"), 5, "name another folder"),
        (("in/sub", "in"), 5, "name another folder"),
        (("in", "in/file"), 5, "cannot write"),
        (("in", "out", "--model", "none"), 6, "no model 'none'"),
        (("in", "out", "--size", "9x9"), 2, "--size"),
        (("in", "out", "--settle", "-1"), 2, "--settle"),
    ],
)
def test_what_cannot_be_watched_is_one_line(
    program: Program,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "file").write_text("")
    folders = [str(tmp_path / word) for word in words[:2]]
    assert cli.main(["watch", *folders, "--once", *words[2:]]) == code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert message in said.err
