"""A test picture as a source: colour bars, a moving block, number and time written into the pixels."""

import time

import cv2

from vcam.frame import Frame, Plane, Size, check_size
from vcam.sources.bars import TEXT_BAND, draw_bars
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import SECOND_NS, Clock, Pace, Sleep
from vcam.sources.stamp import Stamp, draw_stamp

WHITE_Y = 235
SWEEP_S = 4.0  # the moving block crosses the picture in this time


class PatternSource(GuardedSource):
    """Test frames, one every 1/fps s, without end.

    size      (width, height), even
    fps       frames a second
    realtime  deliver each frame when it is due; False: at once, `captured_ns` being index / fps
    clock     monotonic nanoseconds
    sleep     waits for seconds

    Each frame carries its index and `captured_ns` in milliseconds as a Stamp (see `vcam.sources.stamp`).
    Raises ValueError if the size cannot be a Frame's.
    """

    name = "pattern"

    def __init__(
        self,
        size: Size = (1280, 720),
        fps: float = 30.0,
        realtime: bool = True,
        *,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.size = check_size(size)
        self.fps = fps
        self._realtime = realtime
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None
        self._still: Frame | None = None
        self._count = 0

    def _enter(self) -> None:
        self._still = draw_bars(self.size)
        self._count = 0
        self._pace = Pace(self._clock, self._sleep) if self._realtime else None

    def _close(self) -> None:
        self._still = None

    def _read(self) -> Frame:
        if self._still is None:
            raise ValueError("the pattern is not open: use it in a with statement")
        index, self._count = self._count, self._count + 1
        moment_ns = round(index * SECOND_NS / self.fps)
        captured_ns = self._pace.wait(moment_ns) if self._pace else moment_ns
        y = self._still.y.copy()
        draw_stamp(y, Stamp(index, captured_ns // 1_000_000))
        _draw_text(y, f"{self.size[0]}x{self.size[1]} {self.fps:g} fps  #{index}  {captured_ns / 1e9:.3f} s")
        _draw_block(y, index / self.fps / SWEEP_S)
        return Frame(y, self._still.u, self._still.v, index, captured_ns, is_cut=index == 0)


def _draw_text(luma: Plane, text: str) -> None:
    """One line in the upper half of the bottom band, as large as the width allows."""
    height, width = luma.shape
    line = height * TEXT_BAND / 2
    (long, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)
    scale = min(0.9 * width / long, 0.6 * line / tall)
    origin = (round(0.05 * width), round(height * (1 - TEXT_BAND) + 0.8 * line))
    thickness = max(1, round(2 * scale))
    cv2.putText(luma, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, WHITE_Y, thickness, cv2.LINE_AA)


def _draw_block(luma: Plane, sweeps: float) -> None:
    """A white block in the lower half of the bottom band, going to and fro; one sweep is one crossing."""
    height, width = luma.shape
    side = max(1, round(height * TEXT_BAND / 4))
    position = 1 - abs(1 - sweeps % 2)  # 0..1..0
    left, top = round(position * (width - side)), height - round(1.5 * side)
    luma[top : top + side, left : left + side] = WHITE_Y
