"""The tray's icons: for each kind of state the same lens, with another mark in it.

A symbolic icon is drawn by the desktop in the panel's own colour, light or dark. A pixmap cannot know that
colour: its mark is bright on a dark plate, which can be seen on both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import hypot
from typing import TypeAlias

from vcam.tray.state import Kind

SIDES = (16, 22, 24, 32, 48)  # pixels: panels of one and of two pixels a point
GRID = 32.0  # the units that shapes are drawn in
Colour: TypeAlias = tuple[int, int, int]
Distance: TypeAlias = Callable[[float, float], float]  # to a shape's edge, negative inside

PLATE: Colour = (0x15, 0x19, 0x1F)
COLOURS: dict[Kind, Colour] = {
    Kind.LIVE: (0x5E, 0xB2, 0xBE),
    Kind.IDLE: (0xB8, 0xC2, 0xCC),
    Kind.PAUSED: (0xF2, 0xC1, 0x4E),
    Kind.TROUBLE: (0xFF, 0x7B, 0x72),
    Kind.OFF: (0x7D, 0x87, 0x92),
}
# the plate is left out of the symbolic ones; evenodd cuts the hole of the lens, so that no mark may touch it
RING = "M16 3a13 13 0 1 0 0 26a13 13 0 1 0 0-26zM16 6a10 10 0 1 0 0 20a10 10 0 1 0 0-20z"
MARKS: dict[Kind, str] = {
    Kind.LIVE: "M16 11a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
    Kind.IDLE: "M16 11a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM16 13a3 3 0 1 0 0 6a3 3 0 1 0 0-6z",
    Kind.PAUSED: "M11 11h3.5v10h-3.5zM17.5 11h3.5v10h-3.5z",
    Kind.TROUBLE: "M14.5 9.5h3v8.5h-3zM14.5 19.5h3v3h-3z",
    Kind.OFF: "M10.2 8.4l13.4 13.4l-1.8 1.8l-13.4-13.4z",
}
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="16" height="16">
  <style id="current-color-scheme" type="text/css">.ColorScheme-Text {{ color: #808080 }}</style>
  <path class="ColorScheme-Text" fill="currentColor" fill-rule="evenodd" d="{path}"/>
</svg>
"""


@dataclass(frozen=True)
class Pixmap:
    """A square picture of `side` pixels, four bytes each: alpha, red, green, blue, as the bus has them."""

    side: int
    argb: bytes


def icon_name(kind: Kind) -> str:
    """The symbolic icon's name, without a suffix."""
    return f"sharpkd-{kind}-symbolic"


def symbolic_svg(kind: Kind) -> str:
    """An icon of one colour: GTK replaces every fill by the panel's, KDE the style sheet's."""
    return SVG.format(path=RING + MARKS[kind])


@cache
def pixmaps(kind: Kind) -> tuple[Pixmap, ...]:
    """The icon in each of SIDES."""
    return tuple(draw(kind, side) for side in SIDES)


def draw(kind: Kind, side: int) -> Pixmap:
    """The icon with soft edges: a pixel that an edge cuts is covered in part, by its centre's distance."""
    unit = GRID / side
    marks, colour = SHAPES[kind], COLOURS[kind]
    pixels = bytearray()
    for row in range(side):
        for column in range(side):
            x, y = (column + 0.5) * unit, (row + 0.5) * unit
            mark = max(_cover(shape(x, y), unit) for shape in marks)
            plate = _cover(_plate(x, y), unit)
            pixels.append(round(255 * plate))
            pixels.extend(round(low + mark * (high - low)) for low, high in zip(PLATE, colour, strict=True))
    return Pixmap(side, bytes(pixels))


def _cover(distance: float, unit: float) -> float:
    return min(1.0, max(0.0, 0.5 - distance / unit))


def _disc(radius: float) -> Distance:
    return lambda x, y: hypot(x - 16, y - 16) - radius


def _ring(radius: float, half_width: float) -> Distance:
    return lambda x, y: abs(hypot(x - 16, y - 16) - radius) - half_width


def _box(left: float, top: float, right: float, bottom: float) -> Distance:
    return lambda x, y: max(left - x, x - right, top - y, y - bottom)


def _slash(x: float, y: float) -> float:
    along, across = (x + y - 32) / 2**0.5, (x - y) / 2**0.5
    return max(abs(across) - 1.5, abs(along) - 12.5)


def _plate(x: float, y: float) -> float:
    """A square with round corners."""
    beyond = (max(abs(x - 16) - 8, 0.0), max(abs(y - 16) - 8, 0.0))
    return hypot(*beyond) - 8


_LENS = _ring(9.5, 1.3)
SHAPES: dict[Kind, tuple[Distance, ...]] = {
    Kind.LIVE: (_LENS, _disc(4.5)),
    Kind.IDLE: (_LENS, _ring(3.5, 1.0)),
    Kind.PAUSED: (_LENS, _box(11.8, 11.5, 14.8, 20.5), _box(17.2, 11.5, 20.2, 20.5)),
    Kind.TROUBLE: (_LENS, _box(14.6, 9.8, 17.4, 17.6), _box(14.6, 19.2, 17.4, 22)),
    Kind.OFF: (_LENS, _slash),
}
