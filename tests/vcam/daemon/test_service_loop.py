"""The loop around a running camera."""

import logging
import threading
from dataclasses import dataclass, field
from typing import cast

import pytest
from manual_time import ManualTime

from vcam.camera.restart import RestartableCamera
from vcam.daemon.service import LOOK_S, MonitoredCamera, run_camera
from vcam.daemon.signals import Flags
from vcam.daemon.suspend import SuspendDetector


@dataclass
class Filmed:
    """A camera that ends after some waits; one of them may take a night."""

    clock: ManualTime
    waits: int = 10
    night_s: float = LOOK_S
    calls: list[str] = field(default_factory=list)
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.calls.append("start")

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s == 0, "nothing would end this wait when a stop is asked for"
        self.waits -= 1
        self.clock.sleep(self.night_s if self.waits == 5 else LOOK_S)
        return self.waits == 0

    def wake(self) -> None:
        self.calls.append("wake")

    def do(self, command: object) -> None:
        raise AssertionError("nothing asks for it")

    def poll(self) -> float:
        return 0.01

    def stop(self) -> None:
        self.calls.append("stop")


class Hasty(Flags):
    """Flags that are waited for by the camera's clock."""

    def wait(self, timeout_s: float) -> None:
        assert timeout_s == LOOK_S


def run(camera: Filmed, flags: Flags | None = None) -> list[str]:
    run_camera(cast(RestartableCamera, camera), flags or Hasty(), SuspendDetector(camera.clock.clock))
    return camera.calls


def test_a_camera_that_ran_all_the_time_is_not_woken() -> None:
    assert run(Filmed(ManualTime())) == ["start", "stop"]


def test_a_camera_that_slept_is_woken_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert run(Filmed(ManualTime(), night_s=28_800)) == ["start", "wake", "stop"]
    assert [record.getMessage() for record in caplog.records if "slept" in record.getMessage()] == [
        "slept for 28800 s: opening the source again"
    ]


@dataclass
class Loading(Filmed):
    """A camera that runs on, and loads a model until it is let."""

    is_loading: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout_s: float) -> bool:
        return False

    def do(self, command: object) -> None:
        self.load()

    def load(self) -> None:
        self.is_loading.set()
        assert self.may_end.wait(10)


@dataclass
class LoadsByItself(Loading):
    """A camera that finds by itself that there is a model to load."""

    def poll(self) -> float:
        self.load()
        return 0.01


@pytest.mark.parametrize(("kind", "is_asked"), [(Loading, True), (LoadsByItself, False)])
def test_a_stop_is_seen_while_a_model_is_being_loaded(
    kind: type[Loading], is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.daemon.background.JOIN_S", 0.01)
    camera, flags = kind(ManualTime()), Flags()
    if is_asked:
        flags.reload.set()
    thread = threading.Thread(target=run, args=(camera, flags), daemon=True)
    thread.start()
    assert camera.is_loading.wait(10)
    flags.stop.set()
    flags.ring()
    thread.join(10)
    assert not thread.is_alive()
    assert camera.calls == ["start", "stop"]
    camera.may_end.set()


@dataclass
class Turning:
    """A camera whose output turns at each look."""

    count: int = 0

    def state(self) -> str:
        return "running"

    def output_ticks(self) -> int:
        self.count += 1
        return self.count


def test_a_camera_that_cannot_be_controlled_is_not_alive() -> None:
    served = [True]
    camera = MonitoredCamera(Turning(), lambda: served[0])
    assert (camera.output_ticks(), camera.output_ticks(), camera.state()) == (1, 2, "running")
    served[0] = False
    assert (camera.output_ticks(), camera.output_ticks(), camera.state()) == (
        2,
        2,
        "the control API does not answer",
    )
    served[0] = True
    assert (camera.output_ticks(), camera.state()) == (3, "running")
