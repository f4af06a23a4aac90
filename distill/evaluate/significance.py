"""Significance of gains: paired bootstrap intervals over frames, clustered by clip.

A gain is paired: PSNR-Y of the same frame after and before restoration. The estimate is the mean over clips
of each clip's mean over its frames and degradations, so that long and short clips have equal weight. Frames
of one clip are correlated, so resampling has two stages: clips with replacement, then the frames of each with
replacement; a frame is drawn with all its degradations. There are 2,000 resamples; the 95% interval is from
the 2.5th to the 97.5th percentile of their means. With a single clip only frames are resampled, and the
interval says nothing about other clips; with five clips it is a rough one.
Source: Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8; Efron 1979.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from distill.evaluate.results import Summary, SweepRow

Gains: TypeAlias = npt.NDArray[np.float64]  # (frames,): of one clip, the mean over degradations

DRAWS = 2000
CONFIDENCE = 0.95
WORST_SHARE = 0.05


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds of its 95% bootstrap interval."""

    mean: float
    low: float
    high: float


def summarise(rows: Sequence[SweepRow], group: str, seed: int = 0) -> Summary:
    """Summarise one contender's rows of one content under a group of degradations; at least one row."""
    interval = bootstrap(_by_clip(rows), np.random.default_rng(seed))
    worst = min(rows, key=lambda row: row.psnr_y_gain)
    frames = np.sort(np.concatenate([row.gains_db for row in rows]))
    lowest = frames[: max(1, round(len(frames) * WORST_SHARE))]
    return Summary(
        contender=rows[0].contender,
        content=rows[0].content,
        group=group,
        clips=len({row.clip for row in rows}),
        gain_db=interval.mean,
        low_db=interval.low,
        high_db=interval.high,
        worst_clip=worst.clip,
        worst_degradation=worst.degradation,
        worst_db=worst.psnr_y_gain,
        worst_frames_db=float(np.mean(lowest)),
    )


def compare(rows: Sequence[SweepRow], others: Sequence[SweepRow], seed: int = 0) -> Interval:
    """Difference of two contenders' gains on the same frames: significant if the interval is above 0.

    Raises ValueError if the two were not scored on the same frames of the same clips.
    """
    first, second = _by_clip(rows), _by_clip(others)
    if {clip: len(gains) for clip, gains in first.items()} != {
        clip: len(gains) for clip, gains in second.items()
    } or len(rows) != len(others):
        raise ValueError(f"{rows[0].contender} and {others[0].contender} were scored on different frames")
    return bootstrap(
        {clip: gains - second[clip] for clip, gains in first.items()}, np.random.default_rng(seed)
    )


def bootstrap(clips: dict[str, Gains], rng: np.random.Generator, draws: int = DRAWS) -> Interval:
    """The mean of clips' means, with the interval that this module describes."""
    gains = list(clips.values())
    drawn = rng.integers(0, len(gains), (draws, len(gains)))
    means = np.empty(drawn.shape)
    for number, clip in enumerate(gains):
        place = drawn == number
        frames = rng.integers(0, len(clip), (np.count_nonzero(place), len(clip)))
        means[place] = clip[frames].mean(axis=1)
    low, high = np.quantile(means.mean(axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(np.mean([clip.mean() for clip in gains])), float(low), float(high))


def _by_clip(rows: Sequence[SweepRow]) -> dict[str, Gains]:
    """Each clip's gains frame by frame, the mean over its degradations."""
    degradations: dict[str, list[list[float]]] = defaultdict(list)
    for row in rows:
        degradations[row.clip].append(row.gains_db)
    return {clip: np.mean(gains, axis=0) for clip, gains in degradations.items()}
