"""Buffers of a driver that hold luma and chroma already: put in order, without the way through BGR."""

import math
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

    Raises SourceError if it is too short, of another size, or converted.
    """
    width, height = size
    flat = _flatten(picture, (height * 3 // 2, width), fourcc, size, name)
    return flat if fourcc == YU12 else _split_chroma(flat, size)


def frame_of(picture: Any, fourcc: int, size: Size, name: str, index: int, captured_ns: int) -> Frame:
    """The Frame in a buffer of PLANAR, see read_buffer, or of PAIRED: (H, W, 2), or flat likewise.

    Of 4:2:2, two rows of chroma are averaged. Raises SourceError as read_buffer does.
    """
    if fourcc in PAIRED:
        shape = (size[1], size[0], 2)
        pairs = _flatten(picture, shape, fourcc, size, name).reshape(shape)
        return _frame_of_pairs(pairs, PAIRED[fourcc], index, captured_ns)
    return from_packed(read_buffer(picture, fourcc, size, name), size, index, captured_ns)


def _frame_of_pairs(picture: Any, luma: int, index: int, captured_ns: int) -> Frame:
    """The Frame in (H, W, 2) uint8.

    luma  which of the two values of a pixel is its luma; the other is U by turns with V
    """
    y, chroma = cv2.extractChannel(picture, luma), cv2.extractChannel(picture, 1 - luma)
    halved = cv2.addWeighted(chroma[::2], 0.5, chroma[1::2], 0.5, 0)
    u, v = (cv2.extractChannel(halved.reshape(halved.shape[0], -1, 2), which) for which in range(2))
    return Frame(y, u, v, index, captured_ns)


def _flatten(picture: Any, shape: tuple[int, ...], fourcc: int, size: Size, name: str) -> Packed:
    """The bytes of a buffer, (N,) uint8, without what rounding to pages has added.

    shape  that OpenCV gives it; OpenCV 4.11 gives (1, N) for every fourcc: opencv/opencv#27166

    Raises SourceError if it has neither this shape nor enough bytes in one row.
    """
    expected = math.prod(shape)
    is_flat = picture.size == max(picture.shape)
    if picture.shape != shape and not (is_flat and picture.size >= expected):
        remedy = (
            "this OpenCV converts what it reads. Run: pip install --upgrade opencv-python-headless"
            if picture.ndim == 3 and picture.shape[2] == 3
            else "plug the camera in again, or restart the program that feeds it"
        )
        found = f"{picture.shape} for {size[0]}x{size[1]}"
        raise SourceError(
            f"{name} gives {found}, expected {expected} bytes of {fourcc_name(fourcc)}: {remedy}"
        )
    return np.ascontiguousarray(picture).reshape(-1)[:expected]


def _split_chroma(flat: Packed, size: Size) -> Packed:
    """NV12 has all luma, then pairs of U and V."""
    luma = size[0] * size[1]
    return np.concatenate((flat[:luma], flat[luma::2], flat[luma + 1 :: 2]))
