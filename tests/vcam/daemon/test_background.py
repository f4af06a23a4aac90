import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from vcam.control.status import Command
from vcam.daemon.background import BackgroundWork
from vcam.daemon.signals import Flags
from vcam.daemon.systemd import Supervisor, WatchdogNotifier
from vcam.errors import ModelError


@dataclass
class Polled:
    """A camera that notes what is asked of it."""

    error: Exception | None = None
    calls: list[str] = field(default_factory=list)
    on_tend: Callable[[], None] = lambda: None
    pause_s: float = 0.001

    def state(self) -> str:
        return ""

    def output_ticks(self) -> int:
        return 0

    def do(self, command: Command) -> None:
        assert command.reload
        self.calls.append("reload")
        if self.error:
            raise self.error

    def poll(self) -> float:
        self.calls.append("tend")
        self.on_tend()
        return self.pause_s


def tending(camera: Polled, flags: Flags) -> BackgroundWork:
    return BackgroundWork(camera, flags, WatchdogNotifier(camera, Supervisor()))


def test_it_tends_in_each_turn_and_reloads_once_for_each_signal() -> None:
    camera, flags = Polled(), Flags()
    turns = tending(camera, flags)
    turns.turn()
    flags.reload.set()
    turns.turn()
    turns.turn()
    assert camera.calls == ["tend", "reload", "tend", "tend"]


def test_a_reload_that_is_refused_is_said(caplog: pytest.LogCaptureFixture) -> None:
    camera, flags = Polled(error=ModelError("sha256 is wrong")), Flags()
    flags.reload.set()
    tending(camera, flags).turn()
    assert camera.calls == ["reload", "tend"]
    assert caplog.records[0].getMessage() == "not reloaded: sha256 is wrong"


def test_a_bug_is_logged_once_and_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("vcam.daemon.background.REPAIR_S", 0.001)
    goes_on = threading.Event()
    camera = Polled()

    def fail() -> None:
        if len(camera.calls) > 3:
            goes_on.set()
        raise ZeroDivisionError

    camera.on_tend = fail
    with tending(camera, Flags()):
        assert goes_on.wait(10)
    assert [record.getMessage() for record in caplog.records] == ["the camera's periodic work failed"]


def test_a_camera_that_rests_is_left_alone_until_a_reload_is_asked_for() -> None:
    camera, flags, tended = Polled(pause_s=100), Flags(), threading.Event()
    camera.on_tend = tended.set
    with tending(camera, flags):
        assert tended.wait(10)
        tended.clear()
        flags.reload.set()
        assert tended.wait(10)
    assert camera.calls == ["tend", "reload", "tend"]
