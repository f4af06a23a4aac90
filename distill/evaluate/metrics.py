"""Full-reference metrics of restored frames, in addition to those of vcam.metrics."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame, Plane
from vcam.metrics import ssim, ssim_maps

Difference: TypeAlias = npt.NDArray[np.float32]  # (H, W): out - truth, in code values
Static: TypeAlias = npt.NDArray[Any]  # (H, W) bool: where the truth is static
FramePair: TypeAlias = tuple[Frame, Frame]  # frame t and the one after it

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the finest scale to the coarsest
MS_SSIM_SIDE = 161  # the coarsest scale must still hold a window of 11
STILL = 1.0  # change of a smoothed pixel, in code values, that still counts as static
STILL_BLUR_PX = 1.0  # reduces the influence of sensor and encoder noise on that decision


def ssim_rgb(a: Frame, b: Frame) -> float:
    """Mean of the three SSIMs of the red, green and blue planes, full range. Raises ValueError as `ssim`."""
    channels = zip(cv2.split(to_bgr(a)), cv2.split(to_bgr(b)), strict=True)
    return float(np.mean([ssim(x, y) for x, y in channels]))


def ms_ssim(a: Plane, b: Plane) -> float | None:
    """Multi-scale structural similarity of two (H, W) planes, 0..1; None if a side is under 161 pixels.

    Five scales, each the last one averaged over 2x2 pixels; a negative mean counts as 0.
    Source: Wang, Simoncelli, Bovik 2003, doi:10.1109/ACSSC.2003.1292216.
    Raises ValueError if the shapes differ.
    """
    if min(a.shape) < MS_SSIM_SIDE:
        return None
    x, y = a.astype(np.float32), b.astype(np.float32)
    result = 1.0
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        if scale:
            x, y = _halve(x), _halve(y)
        luminance, structure = ssim_maps(x, y)
        is_coarsest = scale == len(MS_SSIM_WEIGHTS) - 1
        term = luminance * structure if is_coarsest else structure
        result *= max(0.0, float(np.mean(term, dtype=np.float64))) ** weight
    return result


def _halve(plane: Plane) -> Plane:
    """Average over 2x2 pixels; an odd side is padded with zeros first, as in pytorch-msssim."""
    below, right = (side % 2 for side in plane.shape)
    padded = cv2.copyMakeBorder(plane, below, below, right, right, cv2.BORDER_CONSTANT, value=0)
    height, width = (side // 2 * 2 for side in padded.shape)
    return cv2.resize(padded[:height, :width], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def static_pixels(first: Plane, second: Plane) -> Static:
    """Where two consecutive (H, W) luma planes of the truth differ by at most 1 code value after blurring.

    Both are blurred by a Gaussian of 1 pixel, so that the noise of the source's codec has no influence.
    """
    smooth = [cv2.GaussianBlur(plane.astype(np.float32), (0, 0), STILL_BLUR_PX) for plane in (first, second)]
    return np.abs(smooth[0] - smooth[1]) <= STILL


def flicker(restored: Sequence[FramePair], truth: Sequence[FramePair]) -> float | None:
    """Visible flicker: temporal standard deviation of out - truth where the truth is static.

    Each pair is a frame and its successor. The deviation of two samples d1, d2 is |d1 - d2| / sqrt 2; the
    result is its root mean square over the static pixels of all pairs, in code values of luma. None if no
    pixel is static.
    """
    total, count = 0.0, 0
    for out, true in zip(restored, truth, strict=True):
        static = static_pixels(true[0].y, true[1].y)
        step = _difference(out[1], true[1]) - _difference(out[0], true[0])
        total += float(np.sum(np.square(step[static], dtype=np.float64)))
        count += int(np.count_nonzero(static))
    return float(np.sqrt(total / count / 2)) if count else None


def _difference(out: Frame, truth: Frame) -> Difference:
    return out.y.astype(np.float32) - truth.y
