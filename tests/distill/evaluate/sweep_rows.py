"""Rows of a sweep without the sweep."""

from collections.abc import Sequence
from statistics import fmean

from distill.evaluate.results import SweepRow


def make_row(
    gains_db: Sequence[float],
    clip: str = "talk",
    degradation: str = "D2 x2 crf30",
    contender: str = "fast",
    content: str = "calls",
) -> SweepRow:
    """A row whose PSNR-Y is 30 dB before, and whose other figures are out of the way."""
    gain = fmean(gains_db)
    return SweepRow(
        contender=contender,
        kind="shipped",
        clip=clip,
        content=content,
        degradation=degradation,
        frames=len(gains_db),
        psnr_y=30 + gain,
        psnr_y_gain=gain,
        ssim_y=0.91,
        ssim_y_gain=0.01,
        ssim_rgb=0.9,
        ssim_rgb_gain=0.01,
        ms_ssim=None,
        ms_ssim_gain=None,
        mse=46.0,
        vmaf=None,
        vmaf_gain=None,
        vmaf_neg=None,
        vmaf_neg_gain=None,
        flicker=None,
        flicker_input=None,
        gains_db=list(gains_db),
    )
