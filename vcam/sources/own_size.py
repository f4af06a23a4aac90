"""A picture inside another, brought back to its own size: bars around it are cut, an enlargement is undone.

A calling program shows 360p in a window of 1080p. What restores that as 1080p restores the enlargement.
"""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import MIN_SIDE, Frame, Plane, Size

Box: TypeAlias = tuple[int, int, int, int]  # left, top, width, height; even
Floats: TypeAlias = npt.NDArray[np.float32]

HEIGHTS = (
    144,
    180,
    240,
    270,
    288,
    360,
    480,
    540,
    576,
    720,
    900,
)  # in which video comes; the first is a yardstick
WAYS = (
    (cv2.INTER_AREA, cv2.INTER_LINEAR),
    (cv2.INTER_AREA, cv2.INTER_CUBIC),
    (cv2.INTER_LINEAR, cv2.INTER_LINEAR),
    (cv2.INTER_CUBIC, cv2.INTER_CUBIC),
)
DETAILED = 0.95  # the finest twentieth of the pixels decides: flat ones look the same in any size
LOSS = (
    0.145  # of what 144 lines lose there; true sizes measured .00 to .14, the next smaller one .16 and more
)
BAR = 6  # code values that a bar may vary by, as an encoder makes it
LEAST = 0.25  # of a side that is left after the bars: else it is a dark scene, or an empty window
LOOK_NS = 1_000_000_000

Finding: TypeAlias = tuple[Box, int]  # what lies between the bars, and its own height
Find: TypeAlias = Callable[[Plane], "Future[Finding]"]


def find_own(luma: Plane) -> Finding:
    """Box and own height of a picture (H, W); 0.3 s of processor time at 1080p."""
    box = find_active(luma)
    left, top, width, height = box
    return box, find_own_height(luma[top : top + height, left : left + width])


def find_here(luma: Plane) -> "Future[Finding]":
    """Find it now."""
    found: Future[Finding] = Future()
    found.set_result(find_own(luma))
    return found


def find_active(luma: Plane) -> Box:
    """What lies between bars of one grey at the sides of a picture (H, W); all of it where there are none."""
    height, width = luma.shape
    rows = _used(luma.min(axis=1), luma.max(axis=1), int(luma[0, 0]))
    columns = _used(luma.min(axis=0), luma.max(axis=0), int(luma[0, 0]))
    if rows is None or columns is None:
        return 0, 0, width, height
    (top, bottom), (left, right) = rows, columns
    if bottom - top < max(MIN_SIDE, LEAST * height) or right - left < max(MIN_SIDE, LEAST * width):
        return 0, 0, width, height
    return left, top, right - left, bottom - top


def find_own_height(luma: Plane) -> int:
    """The smallest height at which the picture loses no detail; its own one if it was not enlarged.

    It is scaled down to each height in which video comes, and up again, by the kernels that programs use.
    """
    height = luma.shape[0]
    picture = luma.astype(np.float32)
    if height <= HEIGHTS[0]:
        return height
    by_area = itertools.islice(_losses(picture, HEIGHTS[0]), 2)
    yardstick = np.minimum(*by_area)
    is_detail = yardstick >= max(np.quantile(yardstick, DETAILED), 1.0)
    if not is_detail.any():  # nothing to tell it by
        return height
    most = LOSS * _rms(yardstick[is_detail])
    for one in HEIGHTS[1:]:
        if one >= height:
            break
        if min(_rms(loss[is_detail]) for loss in _losses(picture, one)) <= most:
            return one
    return height


def cut(frame: Frame, box: Box, size: Size) -> Frame:
    """The box of a frame, scaled down to a size (width, height)."""
    left, top, width, height = box
    half = np.s_[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
    planes = frame.y[top : top + height, left : left + width], frame.u[half], frame.v[half]
    sizes = size, *[(size[0] // 2, size[1] // 2)] * 2
    y, u, v = (
        np.ascontiguousarray(plane)
        if plane.shape[::-1] == scaled
        else cv2.resize(plane, scaled, interpolation=cv2.INTER_AREA)
        for plane, scaled in zip(planes, sizes, strict=True)
    )
    return Frame(y, u, v, frame.index, frame.captured_ns, frame.is_cut)


@dataclass
class OwnSize:
    """Follows the picture inside frames of one size: looks once a second, and believes what it sees twice.

    find  looks here, or beside: no look begins before the last one has ended
    """

    find: Find = find_here
    box: Box | None = None
    size: Size = (0, 0)
    _seen: Finding | None = field(default=None, repr=False)
    _coming: "Future[Finding] | None" = field(default=None, repr=False)
    _due_ns: int = field(default=0, repr=False)

    def look(self, frame: Frame) -> bool:
        """Look if it is time; True if box or size is another one from this frame on.

        Raises what looking raised.
        """
        if self.box is None:
            self.box, self.size = (0, 0, *frame.size), frame.size
        if self._coming is None and frame.captured_ns >= self._due_ns:
            self._due_ns = frame.captured_ns + LOOK_NS
            self._coming = self.find(frame.y)
        if self._coming is None or not self._coming.done():
            return False
        seen, self._coming = self._coming.result(), None
        box, (_, _, width, height) = seen[0], seen[0]
        is_sure, self._seen = seen == self._seen, seen
        size = _even(width * seen[1] / height), _even(seen[1])
        if not is_sure or (box, size) == (self.box, self.size):
            return False
        self.box, self.size = box, size
        return True


def _used(least: Plane, most: Plane, grey: int) -> tuple[int, int] | None:
    """First and last even line that is more than a bar; None if all are bars."""
    is_used = (most.astype(int) > grey + BAR) | (least.astype(int) < grey - BAR)
    found = np.flatnonzero(is_used)
    if not len(found):
        return None
    return (int(found[0]) + 1) // 2 * 2, (int(found[-1]) + 1) // 2 * 2


def _losses(picture: Floats, height: int) -> Iterator[Floats]:
    full = picture.shape[::-1]
    size = max(2, round(full[0] * height / full[1])), height
    for down, up in WAYS:
        small = cv2.resize(picture, size, interpolation=down)
        yield np.abs(cv2.resize(small, full, interpolation=up) - picture)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _even(length: float) -> int:
    return max(MIN_SIDE, round(length / 2) * 2)
