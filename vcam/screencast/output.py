"""What was captured, on its way out."""

import time
from dataclasses import replace
from typing import BinaryIO

from vcam.frame import Frame
from vcam.frame_program import FrameWriter
from vcam.wire import write_frame


class Output(FrameWriter[Frame]):
    """Takes frames from PipeWire's thread; writes at most `fps` of them a second.

    A frame that is not written when the next one comes is dropped. The first one, and one of another size
    than that before, are cuts.
    """

    def __init__(self, stream: BinaryIO, fps: float) -> None:
        self._period_s = 1 / fps
        self._next: Frame | None = None
        self._size, self._count, self._due_s = (0, 0), 0, time.monotonic()
        super().__init__(stream)

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._next = frame
            self._changed.notify()

    def _take(self) -> tuple[Frame | None, float | None]:
        if self._next is None:
            return None, None
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            return None, wait_s
        frame, self._next = self._next, None
        return frame, None

    def _write(self, frame: Frame) -> None:
        self._due_s = max(self._due_s + self._period_s, time.monotonic())
        write_frame(self._stream, replace(frame, index=self._count, is_cut=frame.size != self._size))
        self._size, self._count = frame.size, self._count + 1
