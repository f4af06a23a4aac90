"""OpenCV's pictures: full-range BGR, and a screen's BGRx, to a Frame and back."""

from typing import Any, TypeAlias

import cv2
import numpy.typing as npt

from vcam.frame import Frame, check_size, from_packed, pack

Bgr: TypeAlias = npt.NDArray[Any]  # (H, W, 3) uint8


def from_bgr(bgr: Bgr, index: int = 0, captured_ns: int = 0) -> Frame:
    """Convert full-range BGR (H, W, 3) uint8 to I420 BT.601 limited; an odd last row or column is cut."""
    height, width = bgr.shape[0] & ~1, bgr.shape[1] & ~1
    packed = cv2.cvtColor(bgr[:height, :width], cv2.COLOR_BGR2YUV_I420)
    return from_packed(packed, (width, height), index, captured_ns)


def from_bgrx(bgrx: Bgr, index: int = 0, captured_ns: int = 0, *, is_rgbx: bool = False) -> Frame:
    """Convert full-range BGRx (H, W, 4) uint8 to I420 BT.601 limited; an odd last row or column is cut.

    bgrx     rows may have gaps between them; the fourth byte is left out
    is_rgbx  the bytes are RGBx

    Raises ValueError for what is too small or too large for a Frame.
    """
    width, height = size = check_size((bgrx.shape[1] & ~1, bgrx.shape[0] & ~1))
    code = cv2.COLOR_RGBA2YUV_I420 if is_rgbx else cv2.COLOR_BGRA2YUV_I420
    return from_packed(cv2.cvtColor(bgrx[:height, :width], code), size, index, captured_ns)


def to_bgr(frame: Frame) -> Bgr:
    """Convert to full-range BGR (H, W, 3) uint8, for people and still-picture files."""
    return cv2.cvtColor(pack(frame), cv2.COLOR_YUV2BGR_I420)
