"""Bicubic scaling that does not alias when it shrinks: what papers mean by "bicubic downscale"."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vcam.frame import Size

SHARPNESS = -0.5  # the free parameter of Keys' kernel, as MATLAB and Pillow have it; OpenCV takes -0.75
REACH = 2.0  # of the kernel either way, in pixels of the smaller picture

Picture = npt.NDArray[np.float32]  # (H, W, C) or (H, W)
Weights = npt.NDArray[np.float32]  # (to, from), rows of sum 1


def scale_bicubic(picture: Picture, size: Size) -> Picture:
    """Scale to (width, height); the kernel widens with the scale when it shrinks, so that nothing aliases.

    Values overshoot at edges: the caller clips. Borders are cut off and their weights renormalised.
    Source: Keys 1981, doi:10.1109/TASSP.1981.1163711; widened as by MATLAB's imresize and by PyTorch's
    interpolate(mode="bicubic", antialias=True), whose values these are.
    """
    width, height = size
    rows = _weights(picture.shape[0], height)
    columns = _weights(picture.shape[1], width)
    tall = np.tensordot(rows, picture, (1, 0))  # (height, W, C)
    return np.moveaxis(np.tensordot(columns, tall, (1, 1)), 0, 1)  # (height, width, C)


@lru_cache(64)
def _weights(length: int, target: int) -> Weights:
    """The matrix that scales a line of `length` pixels to `target`."""
    scale = length / target
    support = max(1.0, scale)
    centres = (np.arange(target) + 0.5) * scale  # in pixels of the source, whose first is 0..1
    distance = np.abs((np.arange(length) + 0.5 - centres[:, None]) / support)  # (target, length)
    weights = np.where(distance < REACH, _keys(distance), 0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _keys(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keys' piecewise cubic at distances of 0..2."""
    a, x = SHARPNESS, distance
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, far)
