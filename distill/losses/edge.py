"""A loss on edges."""

from torch import Tensor


def edge(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of |Gx restored - Gx truth| and |Gy restored - Gy truth|, where the 3x3 Sobel operator fits.

    restored, truth   (B, C, H, W) in 0..1, sides of at least 3; seen is not used

    Gx, Gy are the Sobel operator's components divided by 8, that is slopes per pixel. Components are compared
    instead of magnitudes: a magnitude has no gradient in flat areas and ignores the sign of an edge.
    Source: after Lu, Chen 2019, arXiv:1911.09428, who square the difference of Sobel magnitudes.
    """
    # Sobel is linear: the difference of the slopes is the slope of the difference
    difference = restored - truth
    along_y = difference[..., :-2, :] + 2 * difference[..., 1:-1, :] + difference[..., 2:, :]
    along_x = difference[..., :, :-2] + 2 * difference[..., :, 1:-1] + difference[..., :, 2:]
    slope_x = (along_y[..., :, 2:] - along_y[..., :, :-2]) / 8  # (B, C, H - 2, W - 2)
    slope_y = (along_x[..., 2:, :] - along_x[..., :-2, :]) / 8  # (B, C, H - 2, W - 2)
    return (slope_x.abs().mean() + slope_y.abs().mean()) / 2
