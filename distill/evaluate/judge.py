"""Evaluation of published models as shipped: frames restored by vcam.restore, against the truth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from distill.damage.degradation import Degradation
from distill.data.excerpts import Clip, Excerpt, cut_windows, whole
from distill.data.media import Media, cut_clip, pan_still, read_clip, read_still
from distill.evaluate.areas import Motion
from distill.evaluate.metrics import FramePair
from distill.evaluate.tally import MOST_PSNR, Figures, Tally
from vcam.frame import Frame
from vcam.metrics import psnr
from vcam.restore import Model, Restorer

FEW = 4  # files: of fewer, more than one window of each clip is taken
FIRST_SCORED = 10  # the first frames are dominated by the encoder's keyframe


@dataclass(frozen=True)
class Row:
    """Scores of one clip under one degradation; `before` is the bicubic picture.

    computed  fraction of the picture that the restorer computed, mean over the scored frames
    """

    clip: str
    degradation: str
    frames: int
    before: Figures
    after: Figures
    computed: float

    @property
    def psnr_gain(self) -> float:
        return self.after.psnr_y - self.before.psnr_y

    @property
    def ssim_gain(self) -> float:
        return self.after.ssim_y - self.before.ssim_y

    @property
    def chroma_gain(self) -> float:
        """In dB, the mean of both planes."""
        before, after = self.before, self.after
        return (after.psnr_u + after.psnr_v - before.psnr_u - before.psnr_v) / 2


@dataclass(frozen=True)
class CleanRow:
    """PSNR after restoration of the worst frame of an undamaged clip."""

    clip: str
    psnr: float  # dB of the worst of its three planes
    frame: int


def evaluate(
    model: Model,
    clips: Iterable[tuple[str, Sequence[Frame]]],
    degradations: Mapping[str, Degradation],
    stride: int = 5,
    seed: int = 0,
    crispness: float = 0.0,
    first: int = FIRST_SCORED,
) -> Iterator[Row]:
    """Evaluate a model on undamaged clips under degradations: all frames are restored in order, some scored.

    stride   score every Nth frame
    first    index of the first scored frame; of shorter clips the last frame is scored
    """
    for name, frames in clips:
        for label, degradation in degradations.items():
            truth = degradation.truth(frames)
            seen = degradation.apply(frames, np.random.default_rng(seed))
            restore = Restorer(model, truth[0].size, crispness=crispness)
            yield _judge(
                restore, name, label, truth, seen, range(min(first, len(truth) - 1), len(truth), stride)
            )


def _judge(
    restore: Restorer, clip: str, label: str, truth: Sequence[Frame], seen: Sequence[Frame], scored: range
) -> Row:
    base, motion = Restorer(restore.model, restore.size, strength=0), Motion()
    before, after, computed = Tally(), Tally(), []
    last: list[Frame] = []  # truth, bicubic and restored picture of the previous frame
    for index, frame in enumerate(seen):
        shown = [truth[index], base(frame), restore(frame)]
        areas = motion(truth[index].y)
        if index in scored:
            true, plain, restored = _pairs(last or shown, shown)
            before.add(plain, true, areas)
            after.add(restored, true, areas)
            computed.append(restore.computed)
        last = shown
    return Row(clip, label, len(computed), before.figures(), after.figures(), fmean(computed))


def _pairs(last: Sequence[Frame], shown: Sequence[Frame]) -> list[FramePair]:
    return list(zip(last, shown, strict=True))


def read_clips(folder: Path, min_height: int, limit: int | None) -> Iterator[tuple[str, list[Frame]]]:
    """The clips of a folder with at least `min_height` lines, complete or their first `limit` frames."""
    for path in sorted(folder.iterdir()):
        frames = read_clip(path, limit)
        if frames and frames[0].height >= min_height:
            yield path.stem, frames


def hold_still(frames: Sequence[Frame]) -> list[Frame]:
    """Repeat a clip's first frame: a static scene, in which only the camera's noise changes."""
    first = frames[0]
    return [replace(first, index=frame.index, captured_ns=frame.captured_ns) for frame in frames]


def hold_out(media: Media, side: int, count: int, frames: int) -> Iterator[tuple[str, list[Frame]]]:
    """Up to `count` square clips of held-out media, evenly of all kinds, always the same.

    frames   per clip; shorter clips are used as they are
    """
    files = list_held(media, frames)
    for place in dict.fromkeys(np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int)):
        file = files[place]
        rng = np.random.default_rng(sum(file.name.encode()))
        if place < len(files) - len(media.stills):
            truth = cut_clip(file, side, frames, rng)
        else:
            image = read_still(file)
            truth = pan_still(image, side, frames, rng) if image is not None else []
        if truth:
            yield file.stem, truth


def list_held(media: Media, frames: int) -> list[Clip]:
    """What can be judged by: clips, then stills; excerpts in windows of `frames`, and so are clips if few."""
    excerpts = list(media.clips)
    if len(media.clips) + len(media.stills) < FEW:
        excerpts = [(isinstance(clip, Path) and whole(clip)) or clip for clip in excerpts]
    cut = [cut_windows(clip, frames) if isinstance(clip, Excerpt) else [clip] for clip in excerpts]
    return [*(window for windows in cut for window in windows), *media.stills]


def worst_clean_frame(model: Model, name: str, frames: Sequence[Frame], crispness: float = 0.0) -> CleanRow:
    """The worst frame of an undamaged clip after restoration, of all frames."""
    restore = Restorer(model, frames[0].size, crispness=crispness)
    found = [_against_itself(restore(frame), frame) for frame in frames]
    worst = min(range(len(found)), key=found.__getitem__)
    return CleanRow(name, found[worst], worst)


def _against_itself(shown: Frame, true: Frame) -> float:
    planes = ((shown.y, true.y), (shown.u, true.u), (shown.v, true.v))
    return min(MOST_PSNR, *(psnr(*pair) for pair in planes))


def summarise(rows: Sequence[Row]) -> dict[str, float | str]:
    """The means over all rows, and the worst row with its name."""
    worst = min(rows, key=lambda row: row.psnr_gain)
    return {
        "psnr_gain": round(fmean(row.psnr_gain for row in rows), 4),
        "ssim_gain": round(fmean(row.ssim_gain for row in rows), 5),
        "worst_psnr_gain": round(worst.psnr_gain, 4),
        "chroma_gain": round(fmean(row.chroma_gain for row in rows), 4),
        "worst_chroma_gain": round(min(row.chroma_gain for row in rows), 4),
        "worst_clip": worst.clip,
        "worst_degradation": worst.degradation,
    }
