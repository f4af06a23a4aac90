"""What `status` says of a webcam that is not as it should be, and how the camera goes on."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_capture import FakeCapture
from fake_ends import wait_for
from manual_time import ManualTime
from studio import SIZE

from vcam.camera.camera import Camera
from vcam.camera.parts import make_chain
from vcam.config import Config
from vcam.pipeline import Source
from vcam.sinks import NullSink
from vcam.sources import CaptureDevice as Webcam
from vcam.sources import DeviceChoice, WebcamSource

LINK = Path("/dev/v4l/by-id/usb-c920")
C920 = Webcam(Path("/dev/video2"), "C920", LINK, False)
BUILT_IN = Webcam(Path("/dev/video0"), "Integrated", None, False)


class Desk:
    """What is plugged in, and how it behaves when it is opened."""

    def __init__(self, device: str, *plugged: Webcam) -> None:
        self.device = device
        self.plugged = list(plugged)
        self.read_s = 2.0
        self.behaviour: dict[str, Any] = {}
        self.opened: list[str] = []
        self.captures: list[FakeCapture] = []
        self.time = ManualTime()
        self._cameras = DeviceChoice(lambda: self.plugged)

    def make_source(self, config: Config) -> Source:
        return WebcamSource(
            self.device,
            open_capture=self._open,
            cameras=self._cameras,
            clock=self.time.clock,
            read_s=self.read_s,
            exposes_longer=lambda path: True,
        )

    def unplug(self) -> None:
        self.plugged = []
        self.captures[-1].frames = 0

    def _open(self, path: str | int, backend: int) -> FakeCapture:
        self.opened.append(str(path))
        settings = {"sizes": ((64, 48),), "frames": 10**9, **self.behaviour}
        self.captures.append(FakeCapture(self.time, **settings))
        return self.captures[-1]


@contextmanager
def running(weights: Path, desk: Desk) -> Iterator[Camera]:
    config = Config(source="webcam", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)
    camera = Camera(config, make_chain(config), NullSink(), desk.make_source)
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def in_state(camera: Camera, *words: str) -> Callable[[], bool]:
    return lambda: all(word in camera.status().state for word in words)


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    error = OSError(number, os.strerror(number)) if number else None
    monkeypatch.setattr("vcam.sources.opening.try_open", lambda path: error)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "/dev/video2 is busy: another program holds the camera. Close it; to find it run: fuser -v"),
        (errno.EACCES, "/dev/video2 may not be opened by this user. Run: sudo usermod -aG video $USER"),
        (errno.ENODEV, "/dev/video2 is gone: plug the camera in again"),
    ],
)
def test_a_camera_that_cannot_be_opened_says_why_and_is_tried_again(
    weights: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    desk = Desk("auto", C920)
    desk.behaviour["is_open"] = False
    refuse(monkeypatch, number)
    with running(weights, desk) as camera:
        wait_for(in_state(camera, "waiting for camera: ", words))
        desk.behaviour["is_open"] = True
        wait_for(in_state(camera, "running"))


def test_no_camera_at_all_says_what_to_do(weights: Path) -> None:
    desk = Desk("auto")
    with running(weights, desk) as camera:
        wait_for(in_state(camera, "waiting for camera: no camera found; plug one in"))
        desk.plugged = [C920]
        wait_for(in_state(camera, "running"))
        assert camera.status().source == "C920"


def test_a_camera_that_hangs_says_so_and_is_opened_again(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.sources.webcam.CLOSE_S", 0.01)
    desk = Desk("auto", C920)
    desk.read_s = 0.05
    hang = threading.Event()
    desk.behaviour["hang"] = hang
    try:
        with running(weights, desk) as camera:
            wait_for(in_state(camera, "C920 (/dev/video2) delivered nothing for 0.05 s: plug it in again"))
            del desk.behaviour["hang"]
            wait_for(in_state(camera, "running"))
    finally:
        hang.set()


def test_a_camera_held_by_another_program_that_opens_all_the_same_says_so(weights: Path) -> None:
    desk = Desk("auto", C920)
    desk.behaviour["frames"] = 0
    with running(weights, desk) as camera:
        wait_for(in_state(camera, "C920 (/dev/video2) gives no picture", "fuser -v /dev/video2"))


@pytest.mark.parametrize("device", ["auto", str(LINK), "c920"])
def test_a_camera_that_comes_back_by_another_number_is_found(weights: Path, device: str) -> None:
    desk = Desk(device, C920)
    with running(weights, desk) as camera:
        wait_for(in_state(camera, "running"))
        desk.unplug()
        wait_for(in_state(camera, "waiting for camera: "))
        desk.plugged = [BUILT_IN, Webcam(Path("/dev/video4"), "C920", LINK, False)]
        wait_for(in_state(camera, "running"))
    assert desk.opened == ["/dev/video2", "/dev/video4"]


def test_a_call_does_not_jump_to_another_webcam(weights: Path) -> None:
    desk = Desk("auto", C920)
    with running(weights, desk) as camera:
        wait_for(in_state(camera, "running"))
        desk.unplug()
        desk.plugged = [BUILT_IN]
        wait_for(in_state(camera, "C920 is gone: plug it in again; after about 15 s another camera is taken"))
        desk.plugged = [BUILT_IN, C920]
        camera.wake()  # sooner than the back-off would
        wait_for(in_state(camera, "running"))
    assert set(desk.opened) == {"/dev/video2"}
    assert not any(capture.frames > 0 for capture in desk.captures[:-1])


def test_a_slow_camera_is_warned_of_while_it_is_open(weights: Path) -> None:
    desk = Desk("auto", C920)
    desk.behaviour["real_fps"] = 10
    with running(weights, desk) as camera:
        wait_for(lambda: camera.status().warnings != ())
        (warning,) = camera.status().warnings
        assert "exposure_dynamic_framerate=0" in warning
        desk.captures[-1].real_fps = 30
        wait_for(lambda: camera.status().warnings == ())
