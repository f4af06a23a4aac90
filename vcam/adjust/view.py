"""Which part of the picture is shown, and which way round."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vcam.frame import BLACK_Y, GREY_UV, Frame, Plane, Size

TURNS = (0, 90, 180, 270)
MOST_ZOOM = 4.0
GLIDE_S = 0.12  # time constant of a zoom or pan on its way: there in half a second, and visibly moving
LONGEST_STEP_S = 0.2  # after a gap in the frames the way goes on, it does not jump
ARRIVED = 0.004  # of zoom and pan: less than a pixel of a 1080p picture


@dataclass(frozen=True)
class View:
    """How a picture is shown.

    mirror        left and right are exchanged
    flip          top and bottom are exchanged
    turn          degrees clockwise, one of TURNS
    zoom          1..4; 1 shows the whole picture
    pan_x, pan_y  -1..1, where a zoomed picture is seen: -1 at its left or top edge, 0 in its middle

    Mirror, flip and pan are meant as the published picture shows them, so they come after the turn.
    """

    mirror: bool = False
    flip: bool = False
    turn: int = 0
    zoom: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0


STRAIGHT = View()


@dataclass(frozen=True)
class Cut:
    """The part that is shown and where, in even pixels of luma, so that chroma is cut at the same place.

    left, top, kept    of the part in the turned picture
    x, y, size         of its place in the published one
    """

    left: int
    top: int
    kept: Size
    x: int
    y: int
    size: Size


def arrange(frame: Frame, view: View) -> Frame:
    """Show a frame as `view` says, in its own size; the same Frame comes back if nothing is to be done.

    A picture that is turned by a quarter is fitted inside, between black bars: cut to the output's shape,
    less than a third of a 16:9 picture would be left. A zoom fills the bars.
    """
    if replace(view, pan_x=0.0, pan_y=0.0) == STRAIGHT:
        return frame
    turned = _turn(frame, view)
    cut = find_cut(turned.size, frame.size, view)
    if cut.kept == turned.size == frame.size:
        return turned
    return replace(
        turned,
        y=_place(turned.y, cut, frame.y.shape, BLACK_Y, 1),
        u=_place(turned.u, cut, frame.u.shape, GREY_UV, 2),
        v=_place(turned.v, cut, frame.v.shape, GREY_UV, 2),
    )


def find_cut(shown: Size, output: Size, view: View) -> Cut:
    """What of a turned picture of size `shown` is seen, and where in a picture of size `output`."""
    scale = min(output[0] / shown[0], output[1] / shown[1]) * view.zoom
    kept, size, start, place = [], [], [], []
    for side, room, pan in zip(shown, output, (view.pan_x, view.pan_y), strict=True):
        seen = min(side, max(2, _even(room / scale)))
        wide = room if seen < side else min(room, max(2, _even(side * scale)))
        kept.append(seen)
        size.append(wide)
        start.append(_even((side - seen) * (1 + pan) / 2))
        place.append(_even((room - wide) / 2))
    return Cut(start[0], start[1], (kept[0], kept[1]), place[0], place[1], (size[0], size[1]))


class Glide:
    """Moves zoom and pan smoothly from where they are to where they are wanted; the rest changes at once."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._last_ns = 0

    def __call__(self, wanted: View, now_ns: int) -> View:
        """The view at this time, in monotonic nanoseconds; the first one is there at once."""
        view, passed_s = self._view, (now_ns - self._last_ns) / 1e9
        self._last_ns = now_ns
        if view is None or view == wanted:
            self._view = wanted
            return wanted
        share = 1 - math.exp(-min(max(passed_s, 0.0), LONGEST_STEP_S) / GLIDE_S)
        self._view = replace(
            wanted,
            zoom=_approach(view.zoom, wanted.zoom, share),
            pan_x=_approach(view.pan_x, wanted.pan_x, share),
            pan_y=_approach(view.pan_y, wanted.pan_y, share),
        )
        return self._view


def _approach(now: float, wanted: float, share: float) -> float:
    return wanted if abs(wanted - now) < ARRIVED else now + (wanted - now) * share


def _interpolation(scale: float) -> int:
    """Bicubic up; down to a half, bilinear is as good as area averaging in a fifth of its time."""
    if scale >= 1:
        return cv2.INTER_CUBIC
    return cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA


def _even(length: float) -> int:
    return int(length) & ~1


def _turn(frame: Frame, view: View) -> Frame:
    for operate in _operations(view):
        frame = replace(frame, y=operate(frame.y), u=operate(frame.u), v=operate(frame.v))
    return frame


def _operations(view: View) -> list[Callable[[Plane], Plane]]:
    rotations = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    operations: list[Callable[[Plane], Plane]] = []
    if view.turn:
        operations.append(lambda plane: cv2.rotate(plane, rotations[view.turn]))
    if view.mirror or view.flip:
        axis = -1 if view.mirror and view.flip else int(view.mirror)
        operations.append(lambda plane: cv2.flip(plane, axis))
    return operations


def _place(plane: Plane, cut: Cut, shape: tuple[int, ...], ground: int, step: int) -> Plane:
    """The cut of one plane, scaled to its place on the ground; `step` is 2 for chroma, else 1."""
    left, top, x, y = (value // step for value in (cut.left, cut.top, cut.x, cut.y))
    kept_w, kept_h, width, height = (value // step for value in (*cut.kept, *cut.size))
    part = np.ascontiguousarray(plane[top : top + kept_h, left : left + kept_w])
    if part.shape != (height, width):
        part = cv2.resize(part, (width, height), interpolation=_interpolation(width / kept_w))
    if part.shape == shape:
        return part
    canvas = np.full(shape, ground, np.uint8)
    canvas[y : y + height, x : x + width] = part
    return canvas
