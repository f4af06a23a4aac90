"""A webcam that answers OpenCV's calls."""

import threading
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from manual_time import ManualTime

from vcam.sources.negotiation import MJPG
from vcam.v4l2.device import UYVY, YUYV


class FakeCapture:
    """Promises `fps`, delivers `real_fps` of a manual clock; `frames` of them, then unplugged.

    sizes     those it can do; another request gives the first
    has_mjpg  False: it can do YUYV alone, which it does if asked
    hang      if given, a grab waits for this event
    fourcc    of its pictures, before anybody asks
    buffer    what it hands over where OpenCV converts nothing; of YUYV and UYVY white by itself
    jpegs     its first pictures as MJPG; empty ones and those that follow are white
    is_raw    False: OpenCV converts, though it is asked not to
    """

    def __init__(
        self,
        time: ManualTime,
        *,
        is_open: bool = True,
        fps: float = 30.0,
        real_fps: float = 30.0,
        frames: int = 1000,
        sizes: tuple[tuple[int, int], ...] = ((1280, 720), (640, 480)),
        has_mjpg: bool = True,
        hang: threading.Event | None = None,
        fourcc: str = "BGR3",
        buffer: Any = None,
        jpegs: Iterable[bytes] = (),
        is_raw: bool = True,
    ) -> None:
        self.time = time
        self.is_open = is_open
        self.real_fps = real_fps
        self.frames = frames
        self.sizes = sizes
        self.has_mjpg = has_mjpg
        self.hang = hang
        self.buffer = buffer
        self.jpegs = iter(jpegs)
        self.is_raw = is_raw
        self.asked: list[int] = []
        self.opened_as: tuple[str | int, int] | None = None
        self.is_released = threading.Event()
        self.values: dict[int, float] = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*fourcc),
            cv2.CAP_PROP_FPS: fps,
        }
        self.wanted: dict[int, float] = {}

    def open(self, device: str | int, backend: int) -> "FakeCapture":
        self.opened_as = (device, backend)
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.is_open

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.asked.append(propId)
        self.wanted[propId] = value
        if propId == cv2.CAP_PROP_FOURCC and (value == YUYV or self.has_mjpg):
            self.values[propId] = value
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        if propId in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT):
            return self._size()[propId == cv2.CAP_PROP_FRAME_HEIGHT]
        return self.values[propId]

    def grab(self) -> bool:
        if self.hang is not None:
            self.hang.wait()
        self.frames -= 1
        self.time.now_ns += round(1e9 / self.real_fps)
        return self.frames >= 0

    def retrieve(self) -> tuple[bool, Any]:
        width, height = self._size()
        white = np.full((height, width, 3), 255, np.uint8)
        if not self.is_raw or self.wanted.get(cv2.CAP_PROP_CONVERT_RGB) != 0:
            return True, white
        fourcc = self.values[cv2.CAP_PROP_FOURCC]
        if fourcc in (YUYV, UYVY) and self.buffer is None:
            return True, np.full((height, width, 2), (235, 128) if fourcc == YUYV else (128, 235), np.uint8)
        if fourcc != MJPG:
            return True, self.buffer
        jpeg = next(self.jpegs, None) or cv2.imencode(".jpg", white)[1].tobytes()
        return True, np.frombuffer(jpeg, np.uint8).reshape(1, -1)

    def release(self) -> None:
        self.is_released.set()

    def _size(self) -> tuple[int, int]:
        keys = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(self.wanted.get(key, 0)) for key in keys)
        return (width, height) if (width, height) in self.sizes else self.sizes[0]
