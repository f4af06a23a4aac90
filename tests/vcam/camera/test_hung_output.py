"""The watchdog's evidence, from a real camera whose output hangs as in a driver."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_ends import wait_for
from studio import SIZE, Studio

from vcam.camera.camera import Camera
from vcam.camera.parts import make_chain
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.config import Config
from vcam.control.status import Command
from vcam.daemon.systemd import Supervisor, WatchdogNotifier
from vcam.errors import SinkError
from vcam.frame import Frame
from vcam.sinks import NullSink


class StickySink(NullSink):
    """A sink whose `send` does not return while the test holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_return = threading.Event()
        self.may_return.set()
        self.holds_one = threading.Event()

    def send(self, frame: Frame) -> None:
        if not self.may_return.is_set():
            self.holds_one.set()
        self.may_return.wait()
        super().send(frame)


@dataclass(frozen=True)
class Notes(Supervisor):
    """A supervisor with a watchdog that counts its meals."""

    watchdog_s: float = 30
    meals: list[object] = field(default_factory=list)

    def tell(self, **fields: object) -> None:
        self.meals.extend(name for name in fields if name == "WATCHDOG")


def test_an_output_that_hangs_starves_the_watchdog_until_it_goes_on(weights: Path) -> None:
    config = Config(source="x", size=SIZE, weights=str(weights), provider="cpu", threads=1)
    sink, notes = StickySink(), Notes()
    minutes = itertools.count(0, 60_000_000_000)
    camera = Camera(config, make_chain(config), sink, Studio().make_source)
    herald = WatchdogNotifier(camera, notes, clock=lambda: next(minutes))

    def is_fed() -> bool:
        herald.look()
        return bool(notes.meals)

    camera.start()
    try:
        wait_for(is_fed)
        sink.may_return.clear()
        assert sink.holds_one.wait(10)
        herald.look()  # sees the last frame that got out
        notes.meals.clear()
        assert [is_fed() for _ in range(5)] == [False] * 5
        sink.may_return.set()
        wait_for(is_fed)
    finally:
        sink.may_return.set()
        camera.stop()


@contextmanager
def hanging(weights: Path) -> Iterator[tuple[Camera, ReconnectingSink]]:
    """A camera whose output has begun to hang."""
    config = Config(source="x", size=SIZE, weights=str(weights), provider="cpu", threads=1)
    sticky = StickySink()
    kept = ReconnectingSink(lambda: sticky).open()
    kept._due_ns = None  # a NullSink is taken for the page
    camera = Camera(config, make_chain(config), kept, Studio().make_source)
    camera.start()
    try:
        wait_for(lambda: sticky.count > 0)
        sticky.may_return.clear()
        assert sticky.holds_one.wait(10)
        yield camera, kept
    finally:
        sticky.may_return.set()
        camera.stop()


def test_a_kept_output_that_hangs_can_be_left(
    weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("vcam.camera.reconnecting_sink.CLOSE_S", 0.05)
    with hanging(weights) as (_, kept):
        kept.close()
        assert "hangs and stays open" in caplog.text


def test_an_output_that_hangs_is_not_released_but_paused_and_holds_no_command(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.camera.reconnecting_sink.RELEASE_S", 0.05)
    with hanging(weights) as (camera, _):
        with pytest.raises(SinkError, match="hangs and cannot be released"):
            camera.do(Command(pause=True, release=True))
        assert camera.status().state == "paused"
        camera.do(Command(resume=True))
        camera.do(Command(stop=True))
        assert camera.is_stopping.is_set()
