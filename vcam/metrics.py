"""Full-reference picture quality on luma planes, as the literature defines it."""

from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Plane

Map: TypeAlias = npt.NDArray[Any]  # (H, W) float32

PEAK = 255.0
SSIM_C1, SSIM_C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def mse(a: Plane, b: Plane) -> float:
    """Mean squared error of two (H, W) planes in squared code values; ValueError if shapes differ."""
    if a.shape != b.shape:
        raise ValueError(f"planes differ in shape: {a.shape} and {b.shape}")
    return float(cv2.norm(a, b, cv2.NORM_L2SQR)) / a.size


def psnr(a: Plane, b: Plane) -> float:
    """Peak signal-to-noise ratio in dB at peak 255; infinite for equal planes."""
    error = mse(a, b)
    return float("inf") if error == 0 else 10 * float(np.log10(PEAK**2 / error))


def ssim(a: Plane, b: Plane) -> float:
    """Mean structural similarity of two (H, W) uint8 planes, in -1..1.

    Window: 11x11 Gaussian, sigma 1.5; only windows that lie wholly inside the picture count.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004, doi:10.1109/TIP.2003.819861.
    Raises ValueError if a side is under 11 pixels or the shapes differ.
    """
    luminance, structure = ssim_maps(a, b)
    return float(np.mean(luminance * structure, dtype=np.float64))


def ssim_maps(a: Plane, b: Plane) -> tuple[Map, Map]:
    """The two factors of SSIM at each window: luminance, and contrast times structure.

    a, b   (H, W) of any number type, in code values 0..255
    Both maps are (H - 10, W - 10) float32. Raises ValueError as `ssim` does.
    """
    if a.shape != b.shape or min(a.shape) < 11:
        raise ValueError(f"SSIM needs two planes of one shape, at least 11x11: {a.shape}, {b.shape}")
    x, y = a.astype(np.float32), b.astype(np.float32)
    mean_x, mean_y = _window(x), _window(y)
    var_x = _window(x * x) - mean_x**2
    var_y = _window(y * y) - mean_y**2
    cov = _window(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + SSIM_C1) / (mean_x**2 + mean_y**2 + SSIM_C1)
    structure = (2 * cov + SSIM_C2) / (var_x + var_y + SSIM_C2)
    return luminance, structure


def _window(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return cv2.GaussianBlur(plane, (11, 11), 1.5)[5:-5, 5:-5]
