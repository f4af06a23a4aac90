"""`record`, with sources that need no camera."""

import io
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import pytest
from children import child
from full_disk import files_of_at_most
from program import PATIENCE_S, ROOT, Program, wait_for
from talking_head import talking_head

from vcam import cli
from vcam.commands.record import may_overwrite, of_a_camera, record
from vcam.config import Config
from vcam.daemon.signals import Flags
from vcam.errors import SinkError, SourceError
from vcam.frame import Frame
from vcam.metrics import psnr
from vcam.paths import Paths
from vcam.sinks.recording import can_be_played


class Reel:
    """A source of given frames, that then ends or fails."""

    def __init__(self, frames: Iterable[Frame], error: SourceError | None = None) -> None:
        self._frames = iter(frames)
        self._error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        for frame in self._frames:
            return frame
        if self._error is not None:
            raise self._error
        raise StopIteration


def read(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as container:
        return list(container.decode(video=0))


def test_the_camera_is_recorded_as_it_is_at_its_own_times(tmp_path: Path) -> None:
    truth = talking_head(12, (160, 96))
    late = [*truth[:6], *truth[8:]]  # two frames were lost
    found = record(Reel(late), tmp_path / "me.mp4", 30, None, Flags())
    assert (found.count, found.seconds) == (10, pytest.approx(11 / 30))
    pictures = read(tmp_path / "me.mp4")
    seconds = [float(picture.pts * picture.time_base) for picture in pictures]
    # 33,333,333 ns are a period; the file counts 1/90,000 s
    assert seconds == pytest.approx([frame.index / 30 for frame in late], abs=1e-4)
    # crf 12, and no restoration
    assert min(psnr(a.to_ndarray()[:96], b.y) for a, b in zip(pictures, late, strict=True)) > 44


def test_it_ends_after_so_many_seconds(tmp_path: Path) -> None:
    found = record(Reel(talking_head(40, (64, 48))), tmp_path / "me.mp4", 30, 0.49, Flags())
    assert (found.count, found.seconds) == (15, pytest.approx(14 / 30))
    assert len(read(tmp_path / "me.mp4")) == 15


def test_what_came_before_a_cable_was_pulled_is_kept(tmp_path: Path) -> None:
    reel = Reel(talking_head(7, (64, 48)), SourceError("unplugged"))
    with pytest.raises(SourceError, match="unplugged"):
        record(reel, tmp_path / "me.mp4", 30, None, Flags())
    assert len(read(tmp_path / "me.mp4")) == 7


@pytest.mark.parametrize("name", ["me.mp4", "me.mkv"])
def test_what_came_before_the_disk_was_full_is_kept_and_said(tmp_path: Path, name: str) -> None:
    (frame,) = talking_head(1, (320, 240))
    rng = np.random.default_rng(0)
    frames = (
        replace(frame, y=rng.integers(16, 235, (240, 320), np.uint8), captured_ns=index * 33_333_333)
        for index in range(300)
    )
    with (
        files_of_at_most(6_000_000),
        pytest.raises(SinkError, match=f"until then is in .*{name}"),
    ):
        record(Reel(frames), tmp_path / name, 30, None, Flags())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert can_be_played(tmp_path / name)


def test_what_came_before_the_size_changed_is_kept(tmp_path: Path) -> None:
    frames = [*talking_head(5, (64, 48)), *talking_head(5, (160, 96))]
    record(Reel(frames), tmp_path / "me.mp4", 30, None, Flags())
    assert len(read(tmp_path / "me.mp4")) == 5


def test_a_clock_that_stands_still_does_not_end_it(tmp_path: Path) -> None:
    record(Reel([talking_head(1, (64, 48))[0]] * 4), tmp_path / "me.mp4", 30, None, Flags())
    assert len(read(tmp_path / "me.mp4")) == 4


def test_a_stop_that_was_asked_for_keeps_the_file(tmp_path: Path) -> None:
    flags = Flags()

    def frames() -> Iterator[Frame]:
        for frame in talking_head(30, (64, 48)):
            if frame.index == 9:
                flags.stop.set()
            yield frame

    record(Reel(frames()), tmp_path / "me.mp4", 30, None, flags)
    assert len(read(tmp_path / "me.mp4")) == 9


def test_nothing_is_written_where_nothing_came(tmp_path: Path) -> None:
    assert record(Reel([]), tmp_path / "me.mp4", 30, None, Flags()).count == 0
    assert list(tmp_path.iterdir()) == []


def test_the_pattern_is_recorded_in_real_time(
    paths: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "me.mp4"
    words = ["record", str(path), "--source", "pattern", "--seconds", "0.5", "--size", "320x240"]
    assert cli.main(words) == 0
    count = len(read(path))
    assert 0 < count <= 16  # 15 at 30 fps; fewer on a busy machine
    assert capsys.readouterr().out.startswith(f"{path}: {count} frames, 0.")
    assert (read(path)[0].width, read(path)[0].height) == (320, 240)


def test_an_older_recording_is_kept_unless_forced(
    paths: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "me.mp4"
    path.write_bytes(b"precious")
    words = ["record", str(path), "--source", "pattern", "--seconds", "0.1"]
    assert cli.main(words) == 5
    assert "is there already; name another file, or overwrite it with --force" in capsys.readouterr().err
    assert path.read_bytes() == b"precious"
    assert cli.main([*words, "--force"]) == 0
    assert len(read(path)) > 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["me.avi"], 5, "use .mp4 or .mkv"),
        (["me.mp4", "--seconds", "0"], 2, "--seconds: 0.0 is not above 0"),
        (["me.mp4", "--source", "/nowhere.mp4"], 4, "no file /nowhere.mp4"),
    ],
)
def test_what_cannot_be_recorded_is_said(
    paths: Paths, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["record", *words]) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["record", "run"])
def test_a_recording_never_overwrites_its_own_source(
    paths: Paths, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "me.mp4"
    record(Reel(talking_head(5, (64, 48))), path, 30, None, Flags())
    before = path.read_bytes()
    (tmp_path / "link.mp4").symlink_to(path)
    target = [str(path)] if command == "record" else ["--sink", str(path)]
    assert cli.main([command, *target, "--source", str(tmp_path / "link.mp4"), "--force"]) == 5
    assert "me.mp4 is the input itself; name another file" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_without_a_camera_a_remedy_is_named_that_a_recording_takes(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vcam.camera.parts.list_devices", lambda own: [])
    assert cli.main(["record", str(tmp_path / "me.mp4"), "--source", "auto"]) == 4
    assert "no camera found; plug one in, or name one with --source\n" in capsys.readouterr().err


def test_ctrl_c_keeps_a_file_that_can_be_played(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "me.mp4"
    command = [sys.executable, "-m", "vcam.cli", "record", str(path), "--source", "pattern"]
    with child(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        wait_for(lambda: any(tmp_path.glob(".me.mp4.*.partial")))
        threading.Event().wait(0.3)  # some frames
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stdout is not None
        assert "frames" in process.stdout.read()
    assert len(read(path)) > 0


def test_the_bundled_clip_is_never_taken_for_the_camera(
    paths: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["record", str(tmp_path / "me.mp4"), "--source", "sample"]) == 2
    assert (
        "--source sample is the bundled clip, no camera; name a camera, or leave it out"
        in capsys.readouterr().err
    )
    assert of_a_camera(Config(source="sample"), None).source == "auto"
    assert of_a_camera(Config(source="/dev/video3"), None).source == "/dev/video3"


@pytest.mark.parametrize(("answer", "kept"), [("y\n", False), ("\n", True), ("no\n", True)])
def test_an_older_recording_is_overwritten_if_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, kept: bool
) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    (tmp_path / "me.mp4").write_bytes(b"older")
    assert may_overwrite(tmp_path / "me.mp4") is not kept
    assert not may_overwrite(tmp_path / "new.mp4")
