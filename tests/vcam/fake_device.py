"""A virtual camera's device: a sink on one side, on the other an OpenCV capture that a program reads."""

import queue
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from vcam.errors import SinkError
from vcam.frame import Frame, Packed, Size, pack
from vcam.v4l2.device import YU12

PATIENCE_S = 60.0


class FakeDevice:
    """Hands on what it is sent, in order.

    size         of the pictures
    fourcc       that it shows
    loses        whether a frame, by its number, is swallowed
    alter        what becomes of a packed frame on its way
    layout       how OpenCV hands a buffer over
    before_grab  called before each frame is given, for example to let time pass
    """

    def __init__(
        self,
        size: Size,
        *,
        fourcc: int = YU12,
        loses: Callable[[int], bool] = lambda index: False,
        alter: Callable[[Packed], Packed] = lambda packed: packed,
        layout: Callable[[Packed], Any] = lambda packed: packed,
        before_grab: Callable[[], None] = lambda: None,
        is_open: bool = True,
    ) -> None:
        self.size = size
        self.fourcc = fourcc
        self.loses = loses
        self.alter = alter
        self.layout = layout
        self.before_grab = before_grab
        self.is_open = is_open
        self.is_broken = False
        self.is_raw = False
        self.is_released = False
        self.opened_as: tuple[str | int, int] | None = None
        self._frames: queue.SimpleQueue[Packed | None] = queue.SimpleQueue()
        self._grabbed: Packed | None = None

    # the sink

    def send(self, frame: Frame) -> None:
        if self.is_broken:
            raise SinkError("the device is gone")
        if not self.loses(frame.index):
            self._frames.put(pack(frame))

    def close(self) -> None:
        self._frames.put(None)

    # the capture

    def open(self, device: str | int, backend: int) -> "FakeDevice":
        self.opened_as = (device, backend)
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.is_open

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.is_raw = self.is_raw or (propId, value) == (cv2.CAP_PROP_CONVERT_RGB, 0)
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        width, height = self.size
        return {
            cv2.CAP_PROP_FOURCC: self.fourcc,
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
        }[propId]

    def grab(self) -> bool:
        self.before_grab()
        self._grabbed = self._frames.get(timeout=PATIENCE_S)
        return self._grabbed is not None

    def retrieve(self) -> tuple[bool, Any]:
        assert self._grabbed is not None
        if not self.is_raw:
            return True, np.zeros((self.size[1], self.size[0], 3), np.uint8)
        return True, self.layout(self.alter(self._grabbed))

    def release(self) -> None:
        self.is_released = True
