"""The sink beside a process that speaks as the publisher does; the publisher itself: test_publisher.py."""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from vcam.errors import SinkError
from vcam.frame import Size, black, pack
from vcam.sinks import make_sink
from vcam.sinks.pipewire import NODE, PipeWireSink, process

SIZE = (64, 32)
STAND_IN = Path(__file__).with_name("stand_in_publisher.py")
PATIENCE_S = 60.0


def make(behaviour: str, file: Path, size: Size = SIZE) -> PipeWireSink:
    return PipeWireSink(size, 30, publisher=(sys.executable, str(STAND_IN), behaviour, str(file)))


def pid_of(sink: PipeWireSink) -> int:
    assert sink._process is not None
    return sink._process.pid


def wait_for(claim: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def begin_to_watch(sink: PipeWireSink) -> None:
    os.kill(pid_of(sink), signal.SIGUSR1)
    wait_for(lambda: sink.is_watched)


def test_frames_are_sent_while_somebody_watches(tmp_path: Path) -> None:
    file = tmp_path / "frames"
    frame = black(SIZE)
    with make("obey", file) as sink:
        sink.send(frame)
        begin_to_watch(sink)
        sink.send(frame)
        os.kill(pid_of(sink), signal.SIGUSR2)
        wait_for(lambda: not sink.is_watched)
        sink.send(frame)
    assert file.read_bytes() == pack(frame).tobytes()


def test_the_first_frame_opens_it(tmp_path: Path) -> None:
    sink = make("obey", tmp_path / "frames")
    assert sink.is_watched is None
    sink.send(black(SIZE))
    assert sink.is_watched is False
    sink.close()
    assert sink.is_watched is None


def test_what_the_publisher_says_is_the_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(SinkError, match="no PipeWire is running for this user"):
            make("refuse", tmp_path / "frames").open()


@pytest.mark.parametrize("is_watched", [True, False])
def test_a_publisher_that_is_killed_is_an_error_and_the_next_frame_starts_another(
    tmp_path: Path, is_watched: bool
) -> None:
    with make("obey", tmp_path / "frames") as sink:
        if is_watched:
            begin_to_watch(sink)
        first = pid_of(sink)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: sink.is_watched is None)
        with pytest.raises(SinkError, match="has ended"):
            sink.send(black(SIZE))
        sink.send(black(SIZE))
        assert pid_of(sink) != first


def test_a_fault_in_the_publisher_is_an_error(tmp_path: Path) -> None:
    with make("crash", tmp_path / "frames") as sink:
        begin_to_watch(sink)

        def send() -> bool:
            try:
                sink.send(black(SIZE))
            except SinkError as error:
                return "has ended" in str(error)
            return False

        wait_for(send)


def test_a_publisher_that_hangs_is_an_error_and_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "HANG_S", 0.1)
    monkeypatch.setattr(process, "END_S", 0.1)
    large = (640, 480)  # more than a socket holds
    with make("hang", tmp_path / "frames", large) as sink:
        wait_for(lambda: sink.is_watched)
        pid = pid_of(sink)
        with pytest.raises(SinkError, match="takes no frames"):
            sink.send(black(large))
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_another_size_is_refused(tmp_path: Path) -> None:
    sink = make("obey", tmp_path / "frames")
    with pytest.raises(ValueError, match="frame is 64x16, this camera shows 64x32"):
        sink.send(black((64, 16)))


def test_a_width_that_readers_pad_differently_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="for example 848"):
        make("obey", tmp_path / "frames", (854, 480)).open()


def test_the_sink_called_pipewire_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = (sys.executable, str(STAND_IN), "obey", str(tmp_path / "frames"))
    monkeypatch.setattr("vcam.sinks.PipeWireSink", partial(PipeWireSink, publisher=publisher))
    sink = make_sink("pipewire", size=SIZE, fps=30)
    assert isinstance(sink, PipeWireSink)
    assert sink.is_watched is False
    sink.close()


def test_it_is_named_as_people_see_it(tmp_path: Path) -> None:
    assert make("obey", tmp_path / "frames").name == "SharpKD Camera (PipeWire)"
    assert NODE == "sharpkd-camera"


def test_our_publisher_starts_and_says_what_it_lacks() -> None:
    """In a session without PipeWire, whether its library is installed or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
        patch.delenv("PIPEWIRE_REMOTE", raising=False)
        patch.setenv("PIPEWIRE_RUNTIME_DIR", "/nonexistent")
        with pytest.raises(SinkError, match=r"no PipeWire (is running|on this system)"):
            PipeWireSink(SIZE, 30).open()
