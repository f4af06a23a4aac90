"""Perceptual colour difference: CIEDE2000."""

from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame

Lab: TypeAlias = npt.NDArray[Any]  # (..., 3) float32: L 0..100, a, b; D65
Values: TypeAlias = npt.NDArray[Any]

SAMPLED = 2  # every second pixel of every second row: each chroma sample of 4:2:0 once
POW_25_7 = 25.0**7


def colour_difference(a: Frame, b: Frame) -> float:
    """Mean CIEDE2000 of two frames; 1 is about the visible threshold. Raises ValueError if sizes differ."""
    if a.size != b.size:
        raise ValueError(f"cannot compare colours of different sizes: {a.size} and {b.size}")
    return float(np.mean(ciede2000(_to_lab(a), _to_lab(b)), dtype=np.float64))


def _to_lab(frame: Frame) -> Lab:
    """Lab colours of a sample of the frame's pixels, (h, w, 3)."""
    bgr = np.ascontiguousarray(to_bgr(frame)[::SAMPLED, ::SAMPLED])
    return cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)


def ciede2000(first: Lab, second: Lab) -> Values:
    """CIEDE2000 of colours (..., 3), as (...), with all three weights 1.

    Source: Sharma, Wu, Dalal 2005, doi:10.1002/col.20070, whose names the variables have.
    """
    light1, a1, b1 = np.moveaxis(first, -1, 0)
    light2, a2, b2 = np.moveaxis(second, -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * _chroma_share(mean_c)
    c1, c2 = np.hypot(a1 * g, b1), np.hypot(a2 * g, b2)
    h1, h2 = np.arctan2(b1, a1 * g), np.arctan2(b2, a2 * g)
    is_grey = c1 * c2 == 0
    turn = np.where(is_grey, 0, _half_turns(h2 - h1))
    mean_h = np.where(is_grey, h1 + h2, h1 + turn / 2)
    mean_c = (c1 + c2) / 2
    delta_hue = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)
    lightness = (light2 - light1) / _weight_of_light((light1 + light2) / 2)
    chroma = (c2 - c1) / (1 + 0.045 * mean_c)
    hue = delta_hue / (1 + 0.015 * mean_c * _weight_of_hue(mean_h))
    rotation = -np.sin(2 * _rotation(mean_h)) * 2 * _chroma_share(mean_c)
    return np.sqrt(np.maximum(lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue, 0))


def _chroma_share(chroma: Values) -> Values:
    power = chroma**7
    return np.sqrt(power / (power + POW_25_7))


def _half_turns(angle: Values) -> Values:
    """An angle wrapped to -pi..pi."""
    return angle - 2 * np.pi * np.rint(angle / (2 * np.pi))


def _weight_of_light(light: Values) -> Values:
    square = (light - 50) ** 2
    return 1 + 0.015 * square / np.sqrt(20 + square)


def _weight_of_hue(hue: Values) -> Values:
    thirty, six, sixty_three = np.radians([30, 6, 63]).astype(np.float32)
    return (
        1
        - 0.17 * np.cos(hue - thirty)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + six)
        - 0.20 * np.cos(4 * hue - sixty_three)
    )


def _rotation(hue: Values) -> Values:
    degrees = np.degrees(hue) % 360
    return np.radians(30) * np.exp(-(((degrees - 275) / 25) ** 2))
