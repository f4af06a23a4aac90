"""How a decoded picture is laid out to be seen as it was meant: cut, stretched, mirrored, turned."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from vcam.errors import SourceError
from vcam.frame import MAX_SIDE, MIN_SIDE, Frame, Plane, Size

Box: TypeAlias = tuple[int, int, int, int]  # left, top, width, height

MOST_STRETCHED = 10  # a pixel of another shape is a damaged header


@dataclass(frozen=True)
class Geometry:
    """What is done to a decoded picture, in this order.

    cut          what is kept, (left, top, width, height); None for all
    aspect       width of a pixel over its height
    is_mirrored  left and right are exchanged
    turn         degrees clockwise: 0, 90, 180 or 270
    """

    cut: Box | None = None
    aspect: Fraction = Fraction(1)
    is_mirrored: bool = False
    turn: int = 0


UPRIGHT = Geometry()


def kept_size(size: Size, geometry: Geometry) -> Size:
    """(width, height) of a decoded picture after the cut."""
    if geometry.cut is None:
        return size
    left, top, width, height = geometry.cut
    return min(width, size[0] - (left & ~1)), min(height, size[1] - (top & ~1))


def square_size(size: Size, aspect: Fraction) -> Size:
    """The size with square pixels: one side is stretched, none shrinks."""
    width, height = size
    if not 1 / Fraction(MOST_STRETCHED) <= aspect <= MOST_STRETCHED:
        return size
    if aspect == 1:
        return size
    wide, high = 2 * round(width * aspect / 2), 2 * round(height / aspect / 2)
    stretched = (wide, height) if aspect > 1 else (width, high)
    return stretched if max(stretched) <= MAX_SIDE else size


def shown_size(size: Size, geometry: Geometry) -> Size:
    """The even (width, height) of the Frame that a decoded picture becomes.

    Raises SourceError if it can be none.
    """
    width, height = check_picture_size(square_size(kept_size(size, geometry), geometry.aspect))
    return (height, width) if geometry.turn in (90, 270) else (width, height)


def check_picture_size(size: Size) -> Size:
    """The even (width, height) within `size`. Raises SourceError if that can be no Frame's."""
    width, height = size[0] & ~1, size[1] & ~1
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        raise SourceError(
            f"the picture is {size[0]}x{size[1]}, expected sides of {MIN_SIDE}..{MAX_SIDE} pixels;"
            " scale it before it comes here"
        )
    return width, height


def lay_out(frame: Frame, geometry: Geometry) -> Frame:
    """Mirror and turn a frame; the cut and the pixels' shape are done already."""
    if not (geometry.is_mirrored or geometry.turn):
        return frame
    y, u, v = (turn_plane(plane, geometry) for plane in (frame.y, frame.u, frame.v))
    return replace(frame, y=y, u=u, v=v)


def turn_plane(plane: Plane, geometry: Geometry) -> Plane:
    """One plane (H, W), mirrored and turned, contiguous."""
    mirrored = plane[:, ::-1] if geometry.is_mirrored else plane
    return np.ascontiguousarray(np.rot90(mirrored, -geometry.turn // 90))
