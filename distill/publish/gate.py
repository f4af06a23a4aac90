"""Which students are published: those that are worth it, harm nothing, and are better than what is there."""

from dataclasses import dataclass

from distill.publish.judgement import CRISP, FAITHFUL, Judgement
from vcam.errors import ModelError

CLEAN_DB = 45.0  # what the worst frame of an undamaged clip must come out at, against itself
LEAST_GAIN_DB = {FAITHFUL: 0.0, CRISP: -0.2}  # of the worst clip and degradation
ROUNDING_DB = 0.005  # less is nothing to two decimals, and there is always a pixel that rounds the other way
MOST_LOST_DB = 0.02  # by the one grid that both looks' weights share
REMEDIES = {
    FAITHFUL: "train on more that is damaged as little, or weigh careful_mse more",
    CRISP: "train on more that is damaged as little, or give crisp_mse a smaller gain",
    "clean": "train on more that is not damaged at all",
}


@dataclass(frozen=True)
class Fault:
    """What a look does that no published one may."""

    figure: str  # "worst" or "clean": which of a judgement's
    found_db: float
    text: str


def find_faults(found: Judgement) -> list[Fault]:
    """Where a look harms what was sent to it; each with clip, figure and remedy."""
    faults, worst, clean, least = [], found.worst, found.worst_clean, LEAST_GAIN_DB[found.look]
    if not worst.psnr_gain >= least - ROUNDING_DB:  # so written, nan is a fault too
        text = (
            f"the {found.look} look gains {worst.psnr_gain:+.3f} dB on {worst.clip} behind "
            f"{worst.degradation}, expected at least {least:+g}; {REMEDIES[found.look]}"
        )
        faults.append(Fault("worst", worst.psnr_gain, text))
    if not clean.psnr >= CLEAN_DB:
        text = (
            f"in the {found.look} look frame {clean.frame} of {clean.clip}, undamaged, comes out at "
            f"{clean.psnr:.1f} dB of itself, expected at least {CLEAN_DB:g}; {REMEDIES['clean']}"
        )
        faults.append(Fault("clean", clean.psnr, text))
    return faults


def check_harmless(new: Judgement, old: Judgement | None, slack_db: float = 0.0) -> list[Fault]:
    """Raise ModelError if a look harms what was sent to it. Returns the faults that are excused.

    old   the same look of the published model: it may have been published before there was such a rule. A
          fault is excused where it has a greater one of the kind: what is better must be able to replace it.
    """
    greater = {fault.figure: fault.found_db for fault in find_faults(old)} if old else {}
    faults = find_faults(new)
    for fault in faults:
        if not (fault.figure in greater and fault.found_db > greater[fault.figure] - slack_db):
            raise ModelError(f"not published: {fault.text}")
    return faults


def check_better(new: Judgement, old: Judgement | None) -> list[Fault]:
    """Raise ModelError if a faithful look must not be published. Returns the faults that are excused.

    old   the published model's on the same clips; None if there is none. One that harms may be replaced by
          one that does not, though that gains less
    """
    if not (new.psnr_gain > 0 and new.ssim_gain > 0):
        raise ModelError(
            f"not published: the student gains {new.psnr_gain:+.3f} dB and {new.ssim_gain:+.4f} SSIM "
            "over its input, expected more than 0; train for longer"
        )
    excused = check_harmless(new, old)
    cures = old is not None and bool(find_faults(old)) and not excused
    if old is not None and not cures and not new.psnr_gain > old.psnr_gain:
        raise ModelError(
            f"not published: {new.psnr_gain:+.3f} dB on the held-out clips, the published one has "
            f"{old.psnr_gain:+.3f} dB; train for longer, or remove that one from the manifest"
        )
    return excused


def check_look(
    faithful: Judgement, crisp: Judgement, old: Judgement, old_crisp: Judgement | None
) -> list[Fault]:
    """Raise ModelError if a model must not be given a crisp look. Returns the faults that are excused.

    faithful, crisp   the model's looks, once it has both
    old, old_crisp    those of the published model, which may have the first alone
    """
    lost = old.psnr_gain - faithful.psnr_gain
    if not lost <= MOST_LOST_DB:
        raise ModelError(
            f"not published: beside the crisp look the faithful one gains {lost:.3f} dB less than the "
            f"published model, expected at most {MOST_LOST_DB}; publish what it was started from again"
        )
    if not crisp.psnr_gain >= 0:
        raise ModelError(
            f"not published: the crisp look gains {crisp.psnr_gain:+.3f} dB over its input, "
            "expected 0 or more; give careful_mse more weight"
        )
    return check_harmless(faithful, old, MOST_LOST_DB) + check_harmless(crisp, old_crisp)
