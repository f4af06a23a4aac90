"""All scores of one restored clip, accumulated frame by frame."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean
from typing import Any

import numpy as np

from distill.evaluate.areas import Areas, squared_error
from distill.evaluate.colour import colour_difference
from distill.evaluate.metrics import FramePair, flicker
from vcam.metrics import PEAK, psnr, ssim

MOST_PSNR = 60.0  # dB, the PSNR of identical planes in a mean
FEWEST_PIXELS = 1000  # of an area over all scored frames; fewer are not meaningful


@dataclass(frozen=True)
class Figures:
    """Scores of one clip against the truth; None if the clip has too few pixels of that kind."""

    psnr_y: float  # dB, mean over the scored frames, like all but those of areas
    ssim_y: float
    psnr_u: float
    psnr_v: float
    ciede2000: float
    flicker: float | None  # temporal standard deviation of out - truth where the truth is static, codes
    psnr_moving: float | None  # dB of the mean squared error over the area's pixels in all scored frames
    psnr_behind: float | None  # the 16 pixels behind moving edges: ghosts
    psnr_still: float | None
    psnr_worst: float  # dB of luma in the worst scored frame


class Tally:
    """Figures of one clip; `add` its scored frames in order."""

    def __init__(self) -> None:
        self._frames: list[tuple[float, float, float, float, float]] = []
        self._pairs: list[tuple[FramePair, FramePair]] = []
        self._errors: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def add(self, shown: FramePair, true: FramePair, areas: Areas) -> None:
        """Score the second frame of a pair; the first, its predecessor, is used for flicker."""
        out, truth = shown[1], true[1]
        planes = ((out.y, truth.y), (out.u, truth.u), (out.v, truth.v))
        luma, blue, red = (min(psnr(*pair), MOST_PSNR) for pair in planes)
        self._frames.append((luma, ssim(out.y, truth.y), blue, red, colour_difference(out, truth)))
        self._pairs.append((shown, true))
        for name in ("moving", "behind", "still"):
            self._errors[name].append(squared_error(out.y, truth.y, getattr(areas, name)))

    def figures(self) -> Figures:
        """The means over all added frames; at least one."""
        shown, true = zip(*self._pairs, strict=True)
        luma, structure, blue, red, colour = (fmean(column) for column in zip(*self._frames, strict=True))
        moving, behind, still = (self._area_psnr(name) for name in ("moving", "behind", "still"))
        worst = min(frame[0] for frame in self._frames)
        return Figures(luma, structure, blue, red, colour, flicker(shown, true), moving, behind, still, worst)

    def _area_psnr(self, name: str) -> float | None:
        error, pixels = (sum(column) for column in zip(*self._errors[name], strict=True))
        if pixels < FEWEST_PIXELS:
            return None
        return MOST_PSNR if error == 0 else min(MOST_PSNR, 10 * float(np.log10(PEAK**2 * pixels / error)))


def mean_figures(found: Sequence[Figures]) -> Figures:
    """The mean of each score over the clips that have it; the worst frame is the worst of all clips."""

    def mean(name: str) -> Any:
        values = [value for each in found if (value := getattr(each, name)) is not None]
        if name == "psnr_worst":
            return min(values)
        return fmean(values) if values else None

    return Figures(**{each.name: mean(each.name) for each in fields(Figures)})
