"""The loop around a running camera."""

import logging
import threading
from dataclasses import dataclass, field
from typing import cast

import pytest
from manual_time import ManualTime

from vcam.daemon.camera import Camera
from vcam.daemon.naps import Naps
from vcam.daemon.service import LOOK_S, run_camera
from vcam.daemon.signals import Flags


@dataclass
class Filmed:
    """A camera that ends after some waits; one of them may take a night."""

    clock: ManualTime
    waits: int = 10
    night_s: float = LOOK_S
    tend_s: float = 0.0
    tended: int = 0
    calls: list[str] = field(default_factory=list)
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.calls.append("start")

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s == LOOK_S
        self.waits -= 1
        self.clock.sleep(self.night_s if self.waits == 5 else timeout_s)
        return self.waits == 0

    def wake(self) -> None:
        self.calls.append("wake")

    def do(self, command: object) -> None:
        self.clock.sleep(60)  # TensorRT builds an engine
        self.calls.append("reload")

    def tend(self) -> None:
        self.tended += 1
        self.clock.sleep(self.tend_s)

    def stop(self) -> None:
        self.calls.append("stop")


def run(camera: Filmed, flags: Flags | None = None) -> list[str]:
    run_camera(cast(Camera, camera), flags or Flags(), Naps(camera.clock.clock))
    return camera.calls


def test_a_camera_that_ran_all_the_time_is_not_woken() -> None:
    assert run(Filmed(ManualTime())) == ["start", "stop"]


def test_a_camera_that_slept_is_woken_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert run(Filmed(ManualTime(), night_s=28_800)) == ["start", "wake", "stop"]
    assert [record.getMessage() for record in caplog.records if "slept" in record.getMessage()] == [
        "slept for 28800 s: opening the source again"
    ]


def test_a_long_reload_is_no_sleep() -> None:
    flags = Flags()
    flags.reload.set()
    assert run(Filmed(ManualTime()), flags) == ["start", "reload", "stop"]
    assert run(Filmed(ManualTime(), tend_s=60)) == ["start", "stop"]


def test_it_is_tended_in_each_turn() -> None:
    camera = Filmed(ManualTime(), waits=10)
    run(camera)
    assert camera.tended == 9
