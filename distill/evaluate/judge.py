"""What a published model is worth: restored frames against the truth, through vcam.restore as shipped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np

from distill.data.media import Media, cut_clip, pan_still, read_clip
from distill.degrade import Degradation
from vcam.frame import Frame
from vcam.metrics import psnr, ssim
from vcam.restore import Model, Restorer

FIRST_SCORED = 10  # the encoder's first frames are a keyframe's, and say little about a call
CLEAN_PSNR = 60.0  # what equal planes count as in a mean


@dataclass(frozen=True)
class Row:
    """Means over the scored frames of one clip under one degradation; `before` is the bicubic picture."""

    clip: str
    degradation: str
    frames: int
    psnr_before: float
    psnr_after: float
    ssim_before: float
    ssim_after: float

    @property
    def psnr_gain(self) -> float:
        return self.psnr_after - self.psnr_before

    @property
    def ssim_gain(self) -> float:
        return self.ssim_after - self.ssim_before


def evaluate(
    model: Model,
    clips: Iterable[tuple[str, Sequence[Frame]]],
    degradations: dict[str, Degradation],
    stride: int = 5,
    seed: int = 0,
    crispness: float = 0.0,
) -> Iterator[Row]:
    """Judge a model on true clips: all frames are restored, every `stride`-th from 10 on is scored."""
    for name, truth in clips:
        for label, degradation in degradations.items():
            seen = degradation.apply(truth, np.random.default_rng(seed))
            restore = Restorer(model, truth[0].size, crispness=crispness)
            yield _judge(restore, name, label, truth, seen, stride)


def _judge(
    restore: Restorer, clip: str, label: str, truth: Sequence[Frame], seen: Sequence[Frame], stride: int
) -> Row:
    base = Restorer(restore.model, restore.size, strength=0)
    scores = []
    first = min(FIRST_SCORED, len(truth) - 1)
    for index, frame in enumerate(seen):
        restored = restore(frame)  # all of them: a stage follows what it is shown
        if index < first or (index - first) % stride:
            continue
        true, before, after = truth[index].y, base(frame).y, restored.y
        scores.append((psnr(before, true), psnr(after, true), ssim(before, true), ssim(after, true)))
    means = [fmean(min(score, CLEAN_PSNR) for score in column) for column in zip(*scores, strict=True)]
    return Row(clip, label, len(scores), *means)


def read_clips(folder: Path, min_height: int, limit: int | None) -> Iterator[tuple[str, list[Frame]]]:
    """The clips of a folder that have at least `min_height` lines, each whole or its first `limit` frames."""
    for path in sorted(folder.iterdir()):
        frames = read_clip(path, limit)
        if frames and frames[0].height >= min_height:
            yield path.stem, frames


def hold_out(media: Media, side: int, count: int) -> Iterator[tuple[str, list[Frame]]]:
    """Up to `count` square clips from held-out media, always the same: a publication is judged by them."""
    paths = [*media.clips, *media.stills]
    frames = FIRST_SCORED + 6
    for path in paths[:: max(1, len(paths) // count)][:count]:
        rng = np.random.default_rng(sum(path.name.encode()))
        if path in media.clips:
            truth = cut_clip(path, side, frames, rng)
        else:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            truth = pan_still(image, side, frames, rng) if image is not None else []
        if truth:
            yield path.stem, truth


def table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table, with the mean and the worst below."""
    lines = [
        "| clip | degradation | PSNR-Y in | out | gain dB | SSIM-Y in | out | gain |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.clip} | {row.degradation} | {row.psnr_before:.2f} | {row.psnr_after:.2f} | "
        f"{row.psnr_gain:+.2f} | {row.ssim_before:.4f} | {row.ssim_after:.4f} | {row.ssim_gain:+.4f} |"
        for row in rows
    ]
    worst = min(rows, key=lambda row: row.psnr_gain)
    summary = summarise(rows)
    lines.append(
        f"| **mean** | | | | **{summary['psnr_gain']:+.3f}** | | | **{summary['ssim_gain']:+.4f}** |"
    )
    lines.append(f"| worst: {worst.clip} | {worst.degradation} | | | {worst.psnr_gain:+.3f} | | | |")
    return "\n".join(lines)


def summarise(rows: Sequence[Row]) -> dict[str, float]:
    """The figures that decide on publication, over all rows."""
    return {
        "psnr_gain": round(fmean(row.psnr_gain for row in rows), 4),
        "ssim_gain": round(fmean(row.ssim_gain for row in rows), 5),
        "worst_psnr_gain": round(min(row.psnr_gain for row in rows), 4),
    }
