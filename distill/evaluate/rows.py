"""From scores to rows of a sweep: clip, degradation, contender, and gain over the input."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean

from distill.damage.degradation import Degradation
from distill.evaluate.clips import Specimen
from distill.evaluate.contenders import Contender, is_slow
from distill.evaluate.results import SweepRow
from distill.evaluate.scores import METRICS, Scores


@dataclass(frozen=True)
class Settings:
    """Settings of a sweep."""

    first: int = 10  # index of the first scored frame: frames before are dominated by the keyframe
    seed: int = 0  # of the noise in degradations
    vmaf: bool = True
    scored_slow: int = 3  # frames of a clip that are scored for slow contenders, see contenders.is_slow


@dataclass(frozen=True)
class Case:
    """One clip under one degradation: the input of all contenders."""

    specimen: Specimen
    label: str
    degradation: Degradation
    settings: Settings

    @property
    def scale(self) -> int:
        """Scale factor from the degraded size to the output size, rounded."""
        return max(1, round(self.degradation.scale)) if self.degradation.link is not None else 1

    def of(self, contender: Contender) -> "Case":
        """The case as this contender is scored on it: a slow one on fewer frames."""
        if not is_slow(contender) or self.specimen.scored <= self.settings.scored_slow:
            return self
        return replace(self, specimen=replace(self.specimen, scored=self.settings.scored_slow))

    def key(self, contender: Contender) -> str:
        """A hash of everything that determines a contender's scores on this case."""
        parts = [contender.key, self.specimen.key, self.specimen.scored, repr(self.degradation)]
        settings = asdict(self.settings)
        del settings["scored_slow"]  # it has decided `scored`
        return hashlib.sha256(json.dumps([*parts, settings, METRICS]).encode()).hexdigest()


def make_row(contender: Contender, case: Case, scores: Scores, base: Scores) -> SweepRow:
    """A contender's row: means over the frames, and gains over `base`, the input's scores."""
    gains = [after - before for after, before in zip(scores.psnr_y, base.psnr_y, strict=True)]
    return SweepRow(
        contender=contender.name,
        kind=contender.kind,
        clip=case.specimen.name,
        content=case.specimen.content,
        degradation=case.label,
        frames=len(gains),
        psnr_y=fmean(scores.psnr_y),
        psnr_y_gain=fmean(gains),
        ssim_y=fmean(scores.ssim_y),
        ssim_y_gain=fmean(scores.ssim_y) - fmean(base.ssim_y),
        ssim_rgb=fmean(scores.ssim_rgb),
        ssim_rgb_gain=fmean(scores.ssim_rgb) - fmean(base.ssim_rgb),
        ms_ssim=_mean(scores.ms_ssim),
        ms_ssim_gain=_gain(scores.ms_ssim, base.ms_ssim),
        mse=fmean(scores.mse),
        vmaf=_mean(scores.vmaf),
        vmaf_gain=_gain(scores.vmaf, base.vmaf),
        vmaf_neg=_mean(scores.vmaf_neg),
        vmaf_neg_gain=_gain(scores.vmaf_neg, base.vmaf_neg),
        flicker=scores.flicker,
        flicker_input=base.flicker,
        psnr_u_gain=fmean(scores.psnr_u) - fmean(base.psnr_u),
        psnr_v_gain=fmean(scores.psnr_v) - fmean(base.psnr_v),
        ciede2000=fmean(scores.ciede2000),
        ciede2000_gain=fmean(scores.ciede2000) - fmean(base.ciede2000),
        gains_db=[round(gain, 4) for gain in gains],
        note=contender.note(case.scale),
    )


def _mean(figures: Sequence[float] | None) -> float | None:
    return None if figures is None else fmean(figures)


def _gain(figures: Sequence[float] | None, base: Sequence[float] | None) -> float | None:
    return None if figures is None or base is None else fmean(figures) - fmean(base)
