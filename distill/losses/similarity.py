"""Structural similarity as a loss: 1 - SSIM and 1 - MS-SSIM, of pictures of any number of planes.

The numbers are those of pytorch-msssim. Its code is not used: its MS-SSIM asks for 161 pixels however few the
scales are, and its windows are convolutions, which autocast and TF32 round to 8 or 11 bits: too few for
E[x*x] - E[x]**2. Products with a band matrix stay in float32. On one core they took 67 ms where it took 188,
forwards and backwards on 16 luma crops of 128 pixels, and 105 for its 84 on 8 RGB ones.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from distill.losses.precision import widen
from vcam.errors import ConfigError

WINDOW, SIGMA = 11, 1.5  # of the Gaussian, in pixels
C1, C2 = 0.01**2, 0.03**2  # at full scale 1
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest first
# a scale that is nothing alike keeps a factor, so that the others' gradients do not vanish
LEAST_LIKENESS = 1e-3


def ssim(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """1 - mean structural similarity, each plane for itself, in 0..2.

    restored, truth   (B, C, H, W) in 0..1; seen is not looked at

    SSIM = (2 mx my + C1) (2 cov + C2) / ((mx**2 + my**2 + C1) (vx + vy + C2)) in a Gaussian window of 11x11,
    sigma 1.5; only windows that lie wholly inside the picture count.
    Raises ConfigError if a side is under 11 pixels.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004, doi:10.1109/TIP.2003.819861.
    """
    _check_side(restored, 1)
    similarity, _ = _compare(restored, truth)
    return 1 - similarity.mean()


def ms_ssim(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """1 - mean multi-scale structural similarity, each plane for itself, in 0..1.

    restored, truth   (B, C, H, W) in 0..1; seen is not looked at

    The product over scales of structure**weight, and at the coarsest of SSIM**weight; each scale has half
    the pixels a side of the one before. There are as many of the paper's five as the picture has room for:
    5 from 161 pixels, 4 from 81, 3 from 41, 2 from 21; their weights are made to sum to one.
    Raises ConfigError if a side is under 21 pixels.
    Source: Wang, Simoncelli, Bovik 2003, doi:10.1109/ACSSC.2003.1292216.
    """
    _check_side(restored, 2)
    scales = count_scales(min(restored.shape[2:]))
    weights = torch.tensor(SCALE_WEIGHTS[:scales], dtype=torch.float64)
    product = None
    for scale, weight in enumerate((weights / weights.sum()).tolist()):
        if scale:
            restored, truth = _halve(restored), _halve(truth)  # (B, C, ceil(H / 2), ceil(W / 2))
        similarity, structure = _compare(restored, truth)  # (B, C), (B, C)
        likeness = similarity if scale == scales - 1 else structure
        factor = likeness.clamp(min=LEAST_LIKENESS) ** weight
        product = factor if product is None else product * factor
    assert product is not None
    return 1 - product.mean()


def count_scales(side_px: int) -> int:
    """How many scales a picture's shorter side has room for: the window fits into the coarsest; 0 to 5."""
    return sum(-(-side_px // 2**scale) >= WINDOW for scale in range(len(SCALE_WEIGHTS)))


def _check_side(picture: Tensor, scales: int) -> None:
    side = min(picture.shape[2:])
    least = (WINDOW - 1) * 2 ** (scales - 1) + 1
    if side < least:
        name = "SSIM" if scales == 1 else "MS-SSIM"
        raise ConfigError(
            f"{name} of crops whose side is {side} px; it needs {least} px: raise `crop` in the recipe's "
            f"[training], or choose another loss"
        )


def _compare(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Mean SSIM and mean structure term of each plane: (B, C) and (B, C), in float32 or float64."""
    a, b = widen(a), widen(b)
    with torch.autocast(a.device.type, enabled=False):
        moments = _blur(torch.stack([a, b, a * a, b * b, a * b]))  # (5, B, C, H - 10, W - 10)
    mean_a, mean_b, square_a, square_b, product = moments
    cross, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    structure = (2 * (product - cross) + C2) / (square_a + square_b - squares + C2)
    luminance = (2 * cross + C1) / (squares + C1)
    return (luminance * structure).mean((2, 3)), structure.mean((2, 3))


def _blur(planes: Tensor) -> Tensor:
    """The Gaussian window over (..., H, W), where it fits: (..., H - 10, W - 10)."""
    height, width = planes.shape[-2:]
    return _band(height, planes) @ planes @ _band(width, planes).T


def _band(side: int, like: Tensor) -> Tensor:
    """The window at each place along a side, a row each: (side - 10, side)."""
    offsets = torch.arange(WINDOW, dtype=like.dtype, device=like.device) - WINDOW // 2
    window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    places = side - WINDOW + 1
    band = like.new_zeros(places, side + 1)
    band[:, :WINDOW] = window / window.sum()
    # read with rows one shorter, each row of zeros and window starts one further right
    return band.flatten()[: places * side].view(places, side)


def _halve(planes: Tensor) -> Tensor:
    """Means of 2x2 pixels. An odd side gets a black pixel at both ends, as in pytorch-msssim."""
    return F.avg_pool2d(planes, 2, padding=(planes.shape[-2] % 2, planes.shape[-1] % 2))
