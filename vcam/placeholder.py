"""The card that the camera shows while there is no picture."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np

from vcam.conversion.opencv import Bgr, from_bgr
from vcam.frame import Frame, Size, check_size

Colour: TypeAlias = tuple[int, int, int]  # blue, green, red

PRODUCT = "SharpKD Camera"
GROUND = (33, 27, 23)
FALL = 6  # of light from the top to the middle, in code values of luma
INK, SOFT, ACCENT = (240, 236, 232), (164, 154, 146), (190, 178, 94)
# OpenCV 5 draws a smooth TrueType face under these names
PLAIN, BOLD = cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX
WIDEST = 0.86  # of the picture's width
LONGEST = 300  # characters: what is beyond them would not fit anyway, and takes its time to be measured
SMALLEST = 0.7  # of a line's height: text longer than this fits is cut
DRAWN_HEIGHT = 720  # smaller cards are drawn larger and scaled down: OpenCV spaces small letters badly


@dataclass(frozen=True)
class TextLine:
    """A line of text, centred; lengths in units of a hundredth of the height (less in a narrow picture)."""

    text: str
    y: float  # of the baseline, from the middle, downwards
    height: float  # of the capitals
    colour: Colour
    stroke: float = 0.15
    font: int = PLAIN


def placeholder(size: Size, title: str, detail: str) -> Frame:
    """Draw the card: the product's name, a title and one line of detail on a dark ground.

    size    (width, height) of the Frame
    title   what is the matter, for example "Camera paused"
    detail  why, or what to do; a long one is drawn smaller, then cut with three dots

    Returns a Frame of `size`. Raises ValueError if the size cannot be a Frame's.
    """
    width, height = check_size(size)
    factor = -(-DRAWN_HEIGHT // height)
    canvas = np.full((height * factor, width * factor, 3), GROUND, np.uint8)
    unit = min(canvas.shape[0], canvas.shape[1] * 0.65) / 100
    _draw_lens(canvas, unit)
    for line in (
        TextLine(PRODUCT, -4.5, 2.8, SOFT),
        TextLine(title, 9, 6, INK, 0.5, BOLD),
        TextLine(detail, 19.5, 2.8, SOFT),
    ):
        _draw_line(canvas, line, unit)
    return _shade(from_bgr(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)))


def _shade(frame: Frame) -> Frame:
    """Let light fall from above, in luma alone: a gradient in chroma would show its steps."""
    fall = np.linspace(FALL, -FALL, frame.height).round().astype(np.int16)[:, None]  # (H, 1)
    lit = np.clip(frame.y + fall, 16, 235).astype(np.uint8)
    return replace(frame, y=lit, u=frame.u.copy(), v=frame.v.copy())  # views would keep the old luma as well


def _draw_lens(canvas: Bgr, unit: float) -> None:
    """A ring and a point above the text; positions carry 4 fractional bits for OpenCV's shift."""
    middle = round(canvas.shape[1] * 8), round((canvas.shape[0] / 2 - 19 * unit) * 16)
    stroke = max(1, round(0.7 * unit))
    cv2.circle(canvas, middle, round(5.2 * unit * 16), ACCENT, stroke, cv2.LINE_AA, 4)
    cv2.circle(canvas, middle, round(1.9 * unit * 16), ACCENT, cv2.FILLED, cv2.LINE_AA, 4)


def _draw_line(canvas: Bgr, line: TextLine, unit: float) -> None:
    stroke = max(1, round(line.stroke * unit))
    text, scale = _fit(line, unit, stroke, canvas.shape[1] * WIDEST)
    width = _width(text, line.font, scale, stroke)
    origin = round((canvas.shape[1] - width) / 2), round(canvas.shape[0] / 2 + line.y * unit)
    cv2.putText(canvas, text, origin, line.font, scale, line.colour, stroke, cv2.LINE_AA)


def _fit(line: TextLine, unit: float, stroke: int, room: float) -> tuple[str, float]:
    """The line's text and font scale, made smaller and then cut until it fits into `room` pixels."""
    text = " ".join(line.text[:LONGEST].split())
    scale = line.height * unit / cv2.getTextSize("H", line.font, 1, 1)[0][1]
    scale *= min(1.0, max(SMALLEST, room / max(1, _width(text, line.font, scale, stroke))))
    if _width(text, line.font, scale, stroke) <= room:
        return text, scale

    def width_of(count: int) -> int:
        return _width(_cut(text, count), line.font, scale, stroke)

    kept = bisect_right(range(len(text)), room, key=width_of) - 1
    return _cut(text, max(0, kept)), scale


def _cut(text: str, count: int) -> str:
    return text[:count].rstrip() + "..."


def _width(text: str, font: int, scale: float, stroke: int) -> int:
    return cv2.getTextSize(text, font, scale, stroke)[0][0]
