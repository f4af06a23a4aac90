"""Bjontegaard deltas: difference in bitrate at equal quality, and in quality at equal bitrate.

Both curves are piecewise cubic (PCHIP, which does not overshoot) in the logarithm of the rate, and are
compared only where they overlap.
Source: Bjontegaard 2001, ITU-T VCEG-M33; PCHIP as in Bjontegaard 2008, VCEG-AI11, and JVET's workbook.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

Points: TypeAlias = Sequence[tuple[float, float]]  # (kbps, quality) of one encoder at several rates
Columns: TypeAlias = npt.NDArray[Any]  # (2, n): log of kbps, quality


@dataclass(frozen=True)
class BitsDelta:
    """Change of the rate at equal quality: -0.4 is 40% fewer bits.

    mean    over the qualities that both curves reach; None if there are none
    bound   if there are none: the smallest reduction if the test is always better (-0.8: at an 80% lower rate
            it is better than the reference at its highest), or the smallest increase if it is always worse;
            None if `mean` is known
    """

    mean: float | None
    bound: float | None = None


def bits_delta(reference: Points, test: Points) -> BitsDelta:
    """Relative change of the test's bitrate against the reference at the same quality.

    A curve can fall with the rate, such as that of a noisy picture whose noise takes the bits; each quality
    then counts at the lowest rate that reaches it. Raises ValueError if a curve has no points.
    """
    ours, theirs = _rising(test), _rising(reference)
    low, high = max(ours[1, 0], theirs[1, 0]), min(ours[1, -1], theirs[1, -1])
    if low <= high:
        rates = [_mean(curve[1], curve[0], low, high) for curve in (ours, theirs)]
        return BitsDelta(float(np.exp(rates[0] - rates[1])) - 1)
    ends = (ours[0, 0], theirs[0, -1]) if ours[1, 0] > theirs[1, -1] else (ours[0, -1], theirs[0, 0])
    return BitsDelta(None, float(np.exp(ends[0] - ends[1])) - 1)


def quality_delta(reference: Points, test: Points) -> float | None:
    """Mean quality difference at equal rates, over the rates of both; None if they do not overlap."""
    ours, theirs = _by_rate(test), _by_rate(reference)
    low, high = max(ours[0, 0], theirs[0, 0]), min(ours[0, -1], theirs[0, -1])
    if low >= high:
        return None
    return _mean(ours[0], ours[1], low, high) - _mean(theirs[0], theirs[1], low, high)


def _by_rate(points: Points) -> Columns:
    if not points:
        raise ValueError("a curve needs a point or more")
    known = dict(sorted(points))  # the last point of each rate
    return np.array([np.log(list(known)), list(known.values())])


def _rising(points: Points) -> Columns:
    """The points of the curve that are better than all points at lower rates."""
    curve = _by_rate(points)
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(curve[1])[:-1]])
    return curve[:, curve[1] > best_before]


def _mean(x: npt.NDArray[Any], y: npt.NDArray[Any], low: float, high: float) -> float:
    """Mean of a curve y(x) between two x in its range, or its value if they are equal."""
    if low == high:
        return float(np.interp(low, x, y))
    return float(PchipInterpolator(x, y).integrate(low, high)) / (high - low)
