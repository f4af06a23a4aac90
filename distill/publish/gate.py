"""Conditions for publication: a student must gain, harm nothing, and be better than the published one."""

from collections.abc import Sequence
from dataclasses import dataclass

from distill.publish.judgement import CRISP, FAITHFUL, Judgement
from vcam.errors import ModelError
from vcam.manifest import ModelSpec

LEAST_CLEAN_DB = 45.0  # PSNR of the worst frame of an undamaged clip after restoration
LEAST_GAIN_DB = {FAITHFUL: 0.0, CRISP: -0.2}  # gain on the worst clip and degradation
ROUNDING_DB = 0.005  # smaller losses are rounding of single pixels
MOST_LOST_DB = 0.02  # loss from the quantisation grid that both looks share, and from encoders' timing
# PSNR that a crisp look may spend on more sharpness than the published one has: 100 iterations on five clips
# spend 0.06 dB of it
MOST_SHARPENED_DB = 0.3
REMEDIES = {
    FAITHFUL: "train on more data with as little damage, or increase the weight of careful_mse",
    CRISP: "train on more data with as little damage, or reduce the gain of crisp_mse",
    "clean": "train on more undamaged data",
}


@dataclass(frozen=True)
class Fault:
    """A harm that prevents the publication of a look."""

    figure: str  # "worst" or "clean", of a judgement
    found_db: float
    text: str


def find_faults(found: Judgement) -> list[Fault]:
    """The harms of a look, each with clip, value and remedy."""
    faults, worst, clean, least = [], found.worst, found.worst_clean, LEAST_GAIN_DB[found.look]
    if not worst.psnr_gain >= least - ROUNDING_DB:  # so written, nan is a fault too
        text = (
            f"the {found.look} look gains {worst.psnr_gain:+.3f} dB on {worst.clip} behind "
            f"{worst.degradation}, expected at least {least:+g}; {REMEDIES[found.look]}"
        )
        faults.append(Fault("worst", worst.psnr_gain, text))
    if not clean.psnr >= LEAST_CLEAN_DB:
        text = (
            f"in the {found.look} look, undamaged frame {clean.frame} of {clean.clip} has a PSNR of "
            f"{clean.psnr:.1f} dB after restoration, expected at least {LEAST_CLEAN_DB:g}; "
            f"{REMEDIES['clean']}"
        )
        faults.append(Fault("clean", clean.psnr, text))
    return faults


def check_harmless(new: Judgement, old: Judgement | None, slack_db: float = 0.0) -> list[Fault]:
    """Raise ModelError if a look harms its input. Returns the faults that are excused.

    old   the same look of the published model, which may be older than this rule. A fault is excused if the
          published model has a larger one of the same kind, so that better models can replace it.
    """
    greater = {fault.figure: fault.found_db for fault in find_faults(old)} if old else {}
    faults = find_faults(new)
    for fault in faults:
        if not (fault.figure in greater and fault.found_db > greater[fault.figure] - slack_db):
            raise ModelError(f"not published: {fault.text}")
    return faults


def check_better(new: Judgement, old: Judgement | None) -> list[Fault]:
    """Raise ModelError if a faithful look must not be published. Returns the faults that are excused.

    old   that of the published model on the same clips; None if there is none. A harmful model can be
          replaced by a harmless one that gains less
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


def check_looks(name: str, looks: int, old: ModelSpec | None) -> None:
    """Raise ModelError if a model would lose a look that the published one has."""
    if old and looks < old.looks:
        raise ModelError(
            f"not published: the student has no crisp look, the published {name} has one; "
            f'set look = "{name}-crisp" in the recipe, which trains both'
        )


def check_kept(new: Sequence[Judgement], old: Sequence[Judgement]) -> None:
    """Raise ModelError if a look loses on clips that the published model was judged by.

    new, old   the looks of both models on the same clips
    """
    for after, before in zip(new, old, strict=False):
        lost = before.psnr_gain - after.psnr_gain
        if not lost <= (MOST_SHARPENED_DB if after.look == CRISP else MOST_LOST_DB):
            raise ModelError(
                f"not published: on the bundled clip the {after.look} look gains {after.psnr_gain:+.3f} dB, "
                f"the published one {before.psnr_gain:+.3f} dB; train on more clips, of other rooms and faces"
            )


def check_crisp(crisp: Judgement, old: Judgement | None) -> list[Fault]:
    """Raise ModelError if a crisp look must not be published. Returns the faults that are excused.

    old   that of the published model; None if it has none
    """
    if not crisp.psnr_gain >= 0:
        raise ModelError(
            f"not published: the crisp look gains {crisp.psnr_gain:+.3f} dB over its input, "
            "expected 0 or more; give careful_mse more weight"
        )
    excused = check_harmless(crisp, old)
    cures = old is not None and bool(find_faults(old)) and not excused
    if old and not cures and not crisp.psnr_gain >= old.psnr_gain - MOST_SHARPENED_DB:
        raise ModelError(
            f"not published: the crisp look gains {crisp.psnr_gain:+.3f} dB on the held-out clips, "
            f"the published one {old.psnr_gain:+.3f} dB; train for longer"
        )
    return excused


def check_look(
    faithful: Judgement, crisp: Judgement, old: Judgement, old_crisp: Judgement | None
) -> list[Fault]:
    """Raise ModelError if a model must not be given a crisp look. Returns the faults that are excused.

    faithful, crisp   the model's looks, once it has both
    old, old_crisp    those of the published model, which may have only the first
    """
    lost = old.psnr_gain - faithful.psnr_gain
    if not lost <= MOST_LOST_DB:
        raise ModelError(
            f"not published: beside the crisp look the faithful one gains {lost:.3f} dB less than the "
            f"published model, expected at most {MOST_LOST_DB}; publish what it was started from again"
        )
    return check_harmless(faithful, old, MOST_LOST_DB) + check_crisp(crisp, old_crisp)
