"""Scores of one contender on one degraded clip, and their cache file."""

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from distill.evaluate.colour import colour_difference
from distill.evaluate.metrics import FramePair, flicker, ms_ssim, ssim_rgb
from distill.evaluate.tally import MOST_PSNR
from distill.evaluate.vmaf import MODELS, score_vmaf
from distill.jsonl_cache import append_cache, read_cache
from vcam.frame import Frame
from vcam.metrics import mse, psnr, ssim

METRICS = 2  # version of the metrics computed here

Figures: TypeAlias = list[float]  # one value per scored frame


@dataclass(frozen=True)
class Scores:
    """Scores of each scored frame; None if not measurable. Units as in results.SweepRow."""

    psnr_y: Figures
    ssim_y: Figures
    ssim_rgb: Figures
    mse: Figures
    ms_ssim: Figures | None
    vmaf: Figures | None
    vmaf_neg: Figures | None
    flicker: float | None  # over all scored frames
    psnr_u: Figures
    psnr_v: Figures
    ciede2000: Figures


def score(restored: Sequence[Frame], truth: Sequence[Frame], has_vmaf: bool) -> Scores:
    """Score restored frames, given with the truth in the order frame, successor, frame, successor, ...

    The frames are scored; their successors are used for flicker and VMAF's motion.
    """
    frames = list(zip(restored[::2], truth[::2], strict=True))
    multi_scale = [ms_ssim(out.y, true.y) for out, true in frames]
    known = [value for value in multi_scale if value is not None]
    vmaf = vmaf_of_pairs(restored, truth) if has_vmaf else {}
    return Scores(
        psnr_y=[min(psnr(out.y, true.y), MOST_PSNR) for out, true in frames],
        ssim_y=[ssim(out.y, true.y) for out, true in frames],
        ssim_rgb=[ssim_rgb(out, true) for out, true in frames],
        mse=[mse(out.y, true.y) for out, true in frames],
        ms_ssim=known if len(known) == len(frames) else None,
        vmaf=vmaf.get("vmaf"),
        vmaf_neg=vmaf.get("vmaf_neg"),
        flicker=flicker(_pairs(restored), _pairs(truth)),
        psnr_u=[min(psnr(out.u, true.u), MOST_PSNR) for out, true in frames],
        psnr_v=[min(psnr(out.v, true.v), MOST_PSNR) for out, true in frames],
        ciede2000=[colour_difference(out, true) for out, true in frames],
    )


def _pairs(frames: Sequence[Frame]) -> list[FramePair]:
    return list(zip(frames[::2], frames[1::2], strict=True))


def vmaf_of_pairs(
    restored: Sequence[Frame], truth: Sequence[Frame], models: Sequence[str] = tuple(MODELS)
) -> dict[str, Figures]:
    """VMAF of the scored frames, which are ordered as in `score`, by model name.

    Each pair is given in reverse. libvmaf's motion of a frame is the smaller of the motions from the previous
    and to the next frame; in reverse, that is the motion between a scored frame and its successor.
    """
    shown, true = ([frame for pair in _pairs(each) for frame in pair[::-1]] for each in (restored, truth))
    scores = score_vmaf(shown, true, models=models)
    return {name: scores[name][1::2] for name in models}


def read_scores(path: Path) -> dict[str, Scores]:
    """The cached scores of a file of JSON lines, by key; lines in another format are ignored."""
    found: dict[str, Scores] = {}
    for key, entry in read_cache(path).items():
        with contextlib.suppress(TypeError):
            found[key] = Scores(**entry)
    return found


def append_scores(path: Path, key: str, scores: Scores) -> None:
    """Append one line; it is on the disk when this returns."""
    append_cache(path, key, asdict(scores))
