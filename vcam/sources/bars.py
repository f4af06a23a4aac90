"""The colour bars of the test pattern, and how far their colours are off where they arrive."""

from collections.abc import Iterator

import numpy as np

from vcam.frame import BLACK_Y, GREY_UV, Frame, Plane, Size
from vcam.sources.stamp import STAMP_BAND

# 75% bars in BT.601 limited (y, u, v): white, yellow, cyan, green, magenta, red, blue, black
BARS = (
    (180, 128, 128),
    (162, 44, 142),
    (131, 156, 44),
    (112, 72, 58),
    (84, 184, 198),
    (65, 100, 212),
    (35, 212, 114),
    (16, 128, 128),
)
TEXT_BAND = 0.2  # of the height, at the bottom
INTERIOR = 0.5  # of a bar's sides, in its middle: beside an edge, scaling and restoring change what was there


def draw_bars(size: Size) -> Frame:
    """The part that stands still: bars between a grey band for the stamp and a black one for the text."""
    width, height = size
    top, bottom = _even(height * STAMP_BAND), _even(height * (1 - TEXT_BAND))
    columns = np.arange(width // 2) * len(BARS) // (width // 2)
    bars = np.array(BARS, np.uint8)[columns]  # (W/2, 3)
    y = np.full((height, width), BLACK_Y, np.uint8)
    u, v = (np.full((height // 2, width // 2), GREY_UV, np.uint8) for _ in "uv")
    y[top:bottom] = bars[:, 0].repeat(2)
    u[top // 2 : bottom // 2] = bars[:, 1]
    v[top // 2 : bottom // 2] = bars[:, 2]
    y[:top] = GREY_UV
    return Frame(y, u, v)


def measure_bars(frame: Frame) -> int:
    """The largest difference, in code values, between a pixel inside a bar and what was drawn there.

    Looks at all three planes of a PatternSource's frame, scaled as a whole or not, in the middle half of each
    bar either way.
    """
    planes = zip((frame.y, frame.u, frame.v), zip(*BARS, strict=True), strict=True)
    return max(
        int(np.abs(interior.astype(np.int16) - value).max())
        for plane, values in planes
        for interior, value in zip(_interiors(plane), values, strict=True)
    )


def _interiors(plane: Plane) -> Iterator[Plane]:
    """The middle of each bar in a plane, from left to right."""
    height, width = plane.shape
    rows = _middle(height * STAMP_BAND, height * (1 - TEXT_BAND))
    bar = width / len(BARS)
    for number in range(len(BARS)):
        yield plane[rows, _middle(number * bar, (number + 1) * bar)]


def _middle(start: float, end: float) -> slice:
    """The inner part of a span of pixels; at least the one in its centre."""
    centre, reach = (start + end) / 2, (end - start) * INTERIOR / 2
    first = int(centre - reach + 0.5)
    return slice(first, max(first + 1, int(centre + reach + 0.5)))


def _even(length: float) -> int:
    return round(length / 2) * 2
