"""Buffers of a driver that hold luma and chroma already: put in order, without the way through BGR."""

from typing import Any

import cv2
import numpy as np

from vcam.errors import SourceError
from vcam.frame import Frame, Packed, Size, from_packed
from vcam.v4l2.device import NV12, UYVY, YU12, YUYV, fourcc_name

PLANAR = frozenset((YU12, NV12))  # 4:2:0
PAIRED = {YUYV: 0, UYVY: 1}  # 4:2:2, pixel by pixel: which of its two bytes is luma


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
        raise _short(picture, fourcc, size, expected, name)
    return flat[:expected] if fourcc == YU12 else _split_chroma(flat[:expected], size)


def frame_of(picture: Any, fourcc: int, size: Size, name: str, index: int, captured_ns: int) -> Frame:
    """The Frame in a buffer of PLANAR, see read_buffer, or of PAIRED: (H, W, 2), of its size.

    Of 4:2:2, two rows of chroma are averaged.
    """
    if fourcc in PAIRED:
        width, height = size
        if picture.shape != (height, width, 2):
            raise _short(picture, fourcc, size, 2 * width * height, name)
        return _frame_of_pairs(picture, PAIRED[fourcc], index, captured_ns)
    return from_packed(read_buffer(picture, fourcc, size, name), size, index, captured_ns)


def _frame_of_pairs(picture: Any, luma: int, index: int, captured_ns: int) -> Frame:
    """The Frame in (H, W, 2) uint8.

    luma  which of the two values of a pixel is its luma; the other is U by turns with V
    """
    y, chroma = cv2.extractChannel(picture, luma), cv2.extractChannel(picture, 1 - luma)
    halved = cv2.addWeighted(chroma[::2], 0.5, chroma[1::2], 0.5, 0)
    u, v = (cv2.extractChannel(halved.reshape(halved.shape[0], -1, 2), which) for which in range(2))
    return Frame(y, u, v, index, captured_ns)


def _short(picture: Any, fourcc: int, size: Size, expected: int, name: str) -> SourceError:
    """The error of a buffer that is too short, or converted."""
    return SourceError(
        f"{name} gives {picture.shape} for {size[0]}x{size[1]}, expected {expected} bytes of"
        f" {fourcc_name(fourcc)}: this OpenCV converts what it reads."
        " Run: pip install --upgrade opencv-python-headless"
    )


def _split_chroma(flat: Packed, size: Size) -> Packed:
    """NV12 has all luma, then pairs of U and V."""
    luma = size[0] * size[1]
    return np.concatenate((flat[:luma], flat[luma::2], flat[luma + 1 :: 2]))
