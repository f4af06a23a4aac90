"""The one picture type that flows through the house, and its conversions at the border."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.size import MAX_SIDE as MAX_SIDE
from vcam.size import MIN_SIDE as MIN_SIDE
from vcam.size import Size as Size
from vcam.size import check_size as check_size
from vcam.size import parse_size as parse_size

# uint8, all three; OpenCV's and PyAV's stubs know no narrower element type than Any
Plane: TypeAlias = npt.NDArray[Any]  # (H, W), C-contiguous
Packed: TypeAlias = npt.NDArray[Any]  # I420 in one buffer, (H * 3/2, W)

BLACK_Y, GREY_UV = 16, 128  # BT.601 limited range
MAX_OUTPUT: Size = (1920, 1080)  # of a restored picture, either way up


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture in planar YUV 4:2:0 (I420), BT.601 limited range.

    y            (H, W) uint8, C-contiguous, H and W even
    u, v         (H/2, W/2) uint8, C-contiguous
    index        the source's frame number; a gap means that the source lost frames
    captured_ns  time.monotonic_ns() when the source delivered it
    is_cut       the first frame after a reconnect, seek or freeze: stages that hold state reset here

    Planes are shared, never modified in place: whoever changes a pixel makes a new Frame.
    """

    y: Plane = field(repr=False)
    u: Plane = field(repr=False)
    v: Plane = field(repr=False)
    index: int = 0
    captured_ns: int = 0
    is_cut: bool = False

    @property
    def width(self) -> int:
        return self.y.shape[1]

    @property
    def height(self) -> int:
        return self.y.shape[0]

    @property
    def size(self) -> Size:
        return self.width, self.height


def from_packed(packed: Packed, size: Size, index: int = 0, captured_ns: int = 0) -> Frame:
    """View I420 bytes, W*H*3/2 of them in any shape, as a Frame without copying them.

    Raises ValueError if the number of bytes is not what the size asks for.
    """
    width, height = check_size(size)
    flat, luma, chroma = packed.reshape(-1), width * height, width * height // 4
    if flat.size != luma + 2 * chroma:
        raise ValueError(f"I420 {width}x{height} has {luma + 2 * chroma} bytes, got {flat.size}")
    half = (height // 2, width // 2)
    return Frame(
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(half),
        flat[luma + chroma :].reshape(half),
        index,
        captured_ns,
    )


def pack(frame: Frame) -> Packed:
    """Copy a Frame into one I420 buffer (H*3/2, W) uint8, as cameras and encoders take it."""
    planes = [frame.y.reshape(-1), frame.u.reshape(-1), frame.v.reshape(-1)]
    return np.concatenate(planes).reshape(frame.height * 3 // 2, frame.width)


def black(size: Size) -> Frame:
    """A black Frame of the given (width, height)."""
    width, height = check_size(size)
    chroma = np.full((height // 2, width // 2), GREY_UV, np.uint8)
    return Frame(np.full((height, width), BLACK_Y, np.uint8), chroma, chroma)


def resize(frame: Frame, size: Size, interpolation: int | None = None) -> Frame:
    """Scale to (width, height), each plane by itself; the aspect ratio is the caller's business.

    Bicubic (cv2.INTER_CUBIC) up and area averaging (cv2.INTER_AREA) down, unless told otherwise.
    The same size comes back as the same Frame.
    """
    if size == frame.size:
        return frame
    width, height = check_size(size)
    if interpolation is None:
        shrinks = width < frame.width or height < frame.height
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    half = (width // 2, height // 2)
    return Frame(
        cv2.resize(frame.y, (width, height), interpolation=interpolation),
        cv2.resize(frame.u, half, interpolation=interpolation),
        cv2.resize(frame.v, half, interpolation=interpolation),
        frame.index,
        frame.captured_ns,
        frame.is_cut,
    )


def pad_to(frame: Frame, size: Size) -> Frame:
    """Put the frame in the middle of a black one of (width, height), which must not be smaller."""
    if frame.size == size:
        return frame
    ground = black(size)
    left, top = (size[0] - frame.width) // 4 * 2, (size[1] - frame.height) // 4 * 2
    y, u, v = (plane.copy() for plane in (ground.y, ground.u, ground.v))
    y[top : top + frame.height, left : left + frame.width] = frame.y
    half = np.s_[top // 2 : (top + frame.height) // 2, left // 2 : (left + frame.width) // 2]
    u[half], v[half] = frame.u, frame.v
    return replace(frame, y=y, u=u, v=v)


def crop_to_aspect(frame: Frame, size: Size) -> Frame:
    """Cut the centre that has the aspect ratio of `size`, at most 2 pixels off; never stretches."""
    width, height = size
    keep_w = max(2, min(frame.width, frame.height * width // height) & ~1)
    keep_h = max(2, min(frame.height, frame.width * height // width) & ~1)
    if abs(keep_w - frame.width) <= 2 and abs(keep_h - frame.height) <= 2:
        return frame
    left, top = (frame.width - keep_w) // 4 * 2, (frame.height - keep_h) // 4 * 2
    half = np.s_[top // 2 : (top + keep_h) // 2, left // 2 : (left + keep_w) // 2]
    return Frame(
        np.ascontiguousarray(frame.y[top : top + keep_h, left : left + keep_w]),
        np.ascontiguousarray(frame.u[half]),
        np.ascontiguousarray(frame.v[half]),
        frame.index,
        frame.captured_ns,
        frame.is_cut,
    )
