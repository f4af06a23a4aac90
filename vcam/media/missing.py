"""What a JPEG that was cut short lacks, made grey: FFmpeg leaves zeros there, and in YUV these are green."""

import math

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from vcam.frame import Plane

BLOCK = 8  # samples on each side
GREY = 128


def fill_missing(picture: VideoFrame) -> None:
    """Make grey, in place, all blocks at the end of a picture of 8 bits in which every sample is zero.

    A decoded picture has no such block, unless it is black and of one plane: its end is made grey, too.
    """
    planes = [_samples(plane) for plane in picture.planes]
    if len(planes) != len(picture.format.components) or any(c.bits != 8 for c in picture.format.components):
        return
    height, width = planes[0].shape
    tall, wide = math.ceil(height / planes[-1].shape[0]), math.ceil(width / planes[-1].shape[1])
    units = [(BLOCK * tall, BLOCK * wide), *[(BLOCK, BLOCK)] * (len(planes) - 1)]
    begins = [_used_units(plane, unit) for plane, unit in zip(planes, units, strict=True)]
    begins[0] = max(begins)  # luma may be black
    for plane, unit, begin in zip(planes, units, begins, strict=True):
        rows, columns = _count(plane, unit)
        is_missing = np.arange(rows * columns).reshape(rows, columns) >= begin
        plane[is_missing.repeat(unit[0], 0).repeat(unit[1], 1)[: plane.shape[0], : plane.shape[1]]] = GREY


def _samples(plane: VideoPlane) -> Plane:
    """(H, W) uint8, which shares the plane's memory."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _count(plane: Plane, unit: tuple[int, int]) -> tuple[int, int]:
    """How many units a plane has in rows and columns."""
    return -(-plane.shape[0] // unit[0]), -(-plane.shape[1] // unit[1])


def _used_units(plane: Plane, unit: tuple[int, int]) -> int:
    """The number of units, in the order in which they are stored, up to the last one that is not all zero."""
    rows, columns = _count(plane, unit)
    whole = np.zeros((rows * unit[0], columns * unit[1]), np.uint8)
    whole[: plane.shape[0], : plane.shape[1]] = plane
    used = np.flatnonzero(whole.reshape(rows, unit[0], columns, unit[1]).any(axis=(1, 3)))
    return int(used[-1]) + 1 if used.size else 0
