"""What a picture of the webcam's pattern must look like, in BT.601 limited code values."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from guest import webcam

Colour: TypeAlias = tuple[int, int, int]  # y, u, v
Planes: TypeAlias = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]

SIZE = (640, 480)
FRAME_BYTES = SIZE[0] * SIZE[1] * 3 // 2
TOLERANCE = 2  # YUYV to BGR to I420 rounds twice, in Y by at most one, in chroma by at most two

WHITE, BLACK = (235, 128, 128), (16, 128, 128)
# BT.601: white, yellow, cyan, green, magenta, red, blue, black
HUNDRED: tuple[Colour, ...] = (
    *(WHITE, (210, 16, 146), (170, 166, 16), (145, 54, 34)),
    *((106, 202, 222), (81, 90, 240), (41, 240, 110), BLACK),
)
SEVENTY_FIVE: tuple[Colour, ...] = (
    *((180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58)),
    *((84, 184, 198), (65, 100, 212), (35, 212, 114), BLACK),
)
PATTERNS: dict[int, tuple[Colour, ...]] = {
    webcam.BARS_75: SEVENTY_FIVE,
    webcam.BARS_100: HUNDRED,
    webcam.RED: (HUNDRED[5],) * 8,
    webcam.BLUE: (HUNDRED[6],) * 8,
}


def split(frame: bytes) -> Planes:
    """The planes of one packed I420 frame of SIZE."""
    width, height = SIZE
    data = np.frombuffer(frame, np.uint8)
    quarter = width * height // 4
    y, u, v = np.split(data, [width * height, width * height + quarter])
    return y.reshape(height, width), u.reshape(height // 2, width // 2), v.reshape(height // 2, width // 2)


def bars_of(frame: bytes) -> list[Colour]:
    """The mean colour in the middle of each of eight bars, in the lower middle of the picture."""
    width, height = SIZE
    y, u, v = split(frame)
    found = []
    for bar in range(8):
        left, right = (width * (8 * bar + offset) // 64 for offset in (2, 6))
        top, bottom = height // 2, height * 3 // 4
        area = slice(top, bottom), slice(left, right)
        half = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
        found.append((round(y[area].mean()), round(u[half].mean()), round(v[half].mean())))
    return found


def deviation(frame: bytes, pattern: int, brighter: int) -> int:
    """How far a frame is from the pattern as a model leaves it that adds `brighter`, in code values."""
    return farthest(bars_of(frame), [(y + brighter, u, v) for y, u, v in PATTERNS[pattern]])


def farthest(found: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> int:
    """The largest difference between colours of the same place."""
    pairs = zip(found, wanted, strict=True)
    return max(abs(a - b) for got, want in pairs for a, b in zip(got, want, strict=True))


def rgb_of(colour: Colour) -> Colour:
    """BT.601 limited range to full-range red, green and blue, after ITU-R BT.601-7."""
    y, u, v = colour
    luma = 255 / 219 * (y - 16)
    red, blue = 1.402 * 255 / 224 * (v - 128), 1.772 * 255 / 224 * (u - 128)
    green = -(0.114 * blue + 0.299 * red) / 0.587
    return _to_byte(luma + red), _to_byte(luma + green), _to_byte(luma + blue)


def _to_byte(value: float) -> int:
    return max(0, min(255, round(value)))
