"""Antialiased bicubic scaling, as papers mean by "bicubic downscale"."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from vcam.frame import Size

Picture = npt.NDArray[np.float32]  # (H, W, C) or (H, W)


def scale_bicubic(picture: Picture, size: Size) -> Picture:
    """Scale to (width, height); the kernel widens with the scale when it shrinks, so that nothing aliases.

    Keys' kernel with -0.5, as in MATLAB's imresize, which it equals but at the borders: MATLAB mirrors the
    picture there, PyTorch renormalises what is left of the kernel. OpenCV takes -0.75 and does not widen.
    Values overshoot at edges; callers must clip.
    Source: Keys 1981, doi:10.1109/TASSP.1981.1163711.
    """
    width, height = size
    planes = torch.from_numpy(np.ascontiguousarray(picture)).reshape(*picture.shape[:2], -1)
    batch = planes.permute(2, 0, 1)[None]  # (1, C, H, W)
    scaled = F.interpolate(batch, (height, width), mode="bicubic", antialias=True)
    return scaled[0].permute(1, 2, 0).reshape(height, width, *picture.shape[2:]).contiguous().numpy()
