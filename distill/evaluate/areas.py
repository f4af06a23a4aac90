"""Masks of where the truth moves, where it has just moved, and where it is static."""

from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Plane

Mask: TypeAlias = npt.NDArray[Any]  # (H, W) uint8, 0 or 1

MOVES = 3.0  # change of a smoothed pixel in code values; below it is the noise of the source
BLUR_PX = 1.0
BAND_PX = 16  # behind a moving edge
MEMORY = 8  # frames: how long temporal fusion may still contain the old content


@dataclass(frozen=True)
class Areas:
    """Areas of one true frame; a pixel may be in none of them.

    moving  changes from the previous frame
    behind  within 16 pixels of moving pixels, uncovered in the last 8 frames: where ghosts appear
    still   farther away from everything that moved in the last 8 frames
    """

    moving: Mask
    behind: Mask
    still: Mask


class Motion:
    """Tracks motion in a true clip, frame by frame."""

    def __init__(self) -> None:
        self._last: Plane | None = None
        self._moved: deque[Mask] = deque(maxlen=MEMORY)

    def __call__(self, luma: Plane) -> Areas:
        """The areas of the clip's next frame, (H, W) uint8; the first frame is all still."""
        smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), BLUR_PX)
        last = smooth if self._last is None else self._last
        changes = (cv2.absdiff(smooth, last) > MOVES).astype(np.uint8)
        self._last = smooth
        moving = _grow(cv2.morphologyEx(changes, cv2.MORPH_OPEN, _square(1)), 2)
        near = _grow(moving, BAND_PX)
        recent = np.bitwise_or.reduce([moving, *self._moved])
        self._moved.append(moving)
        return Areas(moving, near & recent & (1 - moving), 1 - _grow(recent, BAND_PX))


def _square(reach: int) -> Mask:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def _grow(mask: Mask, reach: int) -> Mask:
    """The mask dilated by `reach` pixels, rows and columns separately."""
    return cv2.dilate(mask, _square(reach))


def squared_error(out: Plane, true: Plane, mask: Mask) -> tuple[float, int]:
    """The sum of squared differences of two (H, W) uint8 planes over a mask, and its number of pixels."""
    return float(cv2.norm(out, true, cv2.NORM_L2SQR, mask)), cv2.countNonZero(mask)
