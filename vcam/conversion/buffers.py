"""Buffers of a driver that hold a 4:2:0 picture already: their bytes are put in order, not converted."""

from typing import Any

import numpy as np

from vcam.errors import SourceError
from vcam.frame import Frame, Packed, Size, from_packed
from vcam.v4l2.device import NV12, YU12, fourcc_name

PLANAR = frozenset((YU12, NV12))


def read_buffer(picture: Any, fourcc: int, size: Size, name: str) -> Packed:
    """A YU12 or NV12 buffer as packed I420, (W * H * 3/2,) uint8.

    picture  as OpenCV hands it over: (H*3/2, W), or flat with what rounding to pages has added
    size     (width, height), both even
    name     of the camera

    Raises SourceError if it is too short, or converted.
    """
    expected = size[0] * size[1] * 3 // 2
    flat = np.ascontiguousarray(picture).reshape(-1)
    if flat.size < expected or picture.ndim > 2:
        raise SourceError(
            f"{name} gives {picture.shape} for {size[0]}x{size[1]}, expected {expected} bytes of"
            f" {fourcc_name(fourcc)}: this OpenCV converts what it reads."
            " Run: pip install --upgrade opencv-python-headless"
        )
    return flat[:expected] if fourcc == YU12 else _split_chroma(flat[:expected], size)


def frame_of(picture: Any, fourcc: int, size: Size, name: str, index: int, captured_ns: int) -> Frame:
    """The Frame in a YU12 or NV12 buffer; see read_buffer."""
    return from_packed(read_buffer(picture, fourcc, size, name), size, index, captured_ns)


def _split_chroma(flat: Packed, size: Size) -> Packed:
    """NV12 has all luma, then pairs of U and V."""
    luma = size[0] * size[1]
    return np.concatenate((flat[:luma], flat[luma::2], flat[luma + 1 :: 2]))
