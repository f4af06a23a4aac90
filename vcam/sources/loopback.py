"""A virtual camera's pictures as another program reads them, to see what has become of ours."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from vcam.conversion.buffers import frame_of
from vcam.errors import SourceError
from vcam.frame import Frame, Size
from vcam.sources.grabber import Capture, Grabber
from vcam.sources.opening import OPEN_S, OpenCapture, open_within
from vcam.sources.pace import Clock
from vcam.sources.webcam import CLOSE_S, READ_S
from vcam.v4l2.device import YU12, Card, fourcc_name, query_card


class LoopbackSource:
    """Frames of a v4l2loopback node, byte for byte as its buffers hold them.

    path          the node
    open_capture  makes an OpenCV capture from (path, backend)
    ask           what a node says of itself, None if it cannot be asked
    clock         monotonic nanoseconds; `captured_ns` is its time when the driver handed the buffer over
    read_s        longest wait for a frame before SourceError
    open_s        longest wait for OpenCV, which asks a busy node again and again; see open_within

    OpenCV maps the driver's buffers, as calling programs do. `index` counts what arrives, repeats too; `size`
    is known once open. `__enter__` raises SourceError if the node cannot be opened or shows no I420;
    `__next__` if nothing comes for `read_s`.
    """

    def __init__(
        self,
        path: Path,
        *,
        open_capture: OpenCapture = cv2.VideoCapture,  # type: ignore[assignment]  # overloads str and int
        ask: Callable[[Path], Card | None] = query_card,
        clock: Clock = time.monotonic_ns,
        read_s: float = READ_S,
        open_s: float = OPEN_S,
    ) -> None:
        self.path = path
        self.name = str(path)
        self.size: Size = (0, 0)
        self._open_capture = open_capture
        self._ask = ask
        self._clock = clock
        self._read_s = read_s
        self._open_s = open_s
        self._grabber: Grabber | None = None
        self._count = 0

    def __enter__(self) -> Self:
        card = self._ask(self.path)
        if card is not None and not card.is_capture:
            raise SourceError(f"nobody publishes to {self.path}. Run: sharpkd start")
        agree = partial(_agree, self.path)
        capture, self.size = open_within(
            self._open_s, self._open_capture, str(self.path), cv2.CAP_V4L2, agree, _find(self.path)
        )
        self._grabber, self._count = Grabber(capture, self._clock), 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            grabber.close(CLOSE_S)

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self._grabber is None:
            raise ValueError(f"{self.path} is not open: use it in a with statement")
        try:
            answer = self._grabber.read(self._read_s)
        except TimeoutError:
            raise SourceError(
                f"{self.path} gave nothing for {self._read_s:g} s. {_find(self.path)}"
            ) from None
        if answer is None:
            raise SourceError(f"{self.path} gives no picture. {_find(self.path)}")
        picture, arrived_ns = answer
        index, self._count = self._count, self._count + 1
        return frame_of(picture, YU12, self.size, self.name, index, arrived_ns)


def _agree(path: Path, capture: Capture) -> Size:
    """Ask for the buffers as they are; returns the size of their pictures. Raises SourceError."""
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC))
    if fourcc != YU12:
        found = fourcc_name(fourcc & 0xFFFFFFFF)
        raise SourceError(
            f"{path} shows {found or 'no picture'}, not YU12: another program writes to it. {_find(path)}"
        )
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    return int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))


def _find(path: Path) -> str:
    return (
        f"Only a camera that runs shows something, and from v4l2loopback 0.13.2 one reader at a time sees it;"
        f" to find them run: fuser -v {path}"
    )
