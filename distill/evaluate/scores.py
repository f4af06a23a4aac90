"""One contender's figures on one degraded clip, and the file that keeps them for the next run."""

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

METRICS = 2  # version of all that is computed here

Figures: TypeAlias = list[float]  # one a scored frame


@dataclass(frozen=True)
class Scores:
    """Figures of each scored frame; what is None could not be measured. Units as in results.SweepRow."""

    psnr_y: Figures
    ssim_y: Figures
    ssim_rgb: Figures
    mse: Figures
    ms_ssim: Figures | None
    vmaf: Figures | None
    vmaf_neg: Figures | None
    flicker: float | None  # of all of them together
    psnr_u: Figures
    psnr_v: Figures
    ciede2000: Figures


def score(restored: Sequence[Frame], truth: Sequence[Frame], has_vmaf: bool) -> Scores:
    """Score restored frames: frame and successor, frame and successor, and so on; so is the truth.

    The frames are scored; their successors serve flicker and VMAF's motion.
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
    """VMAF of the scored frames, which are laid out as in `score`, by the model's name.

    Each pair is shown backwards. libvmaf takes a frame's motion as the smaller of those from the frame before
    and to the frame after: so that is the motion between a scored frame and its successor, and no jump.
    """
    shown, true = ([frame for pair in _pairs(each) for frame in pair[::-1]] for each in (restored, truth))
    scores = score_vmaf(shown, true, models=models)
    return {name: scores[name][1::2] for name in models}


def read_scores(path: Path) -> dict[str, Scores]:
    """The scores that are kept in a file of JSON lines, by key; lines of another shape are no scores."""
    found: dict[str, Scores] = {}
    for key, entry in read_cache(path).items():
        with contextlib.suppress(TypeError):
            found[key] = Scores(**entry)
    return found


def append_scores(path: Path, key: str, scores: Scores) -> None:
    """Add one line to the file, on the disk when this returns."""
    append_cache(path, key, asdict(scores))
