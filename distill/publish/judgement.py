"""The evaluation that decides on publication: one look of a model on held-out media."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tqdm import tqdm

from distill.damage.degradation import FPS, Degradation
from distill.data.excerpts import HELD_BACK
from distill.data.media import Media
from distill.data.splits import held_out
from distill.evaluate.degradations import FILMED, NAMED, WEBCAM, good_end
from distill.evaluate.judge import CleanRow, Row, evaluate, hold_out, list_held, worst_clean_frame
from distill.recipe import Recipe
from vcam.errors import ModelError, SourceError
from vcam.restore import Model

FAITHFUL, CRISP = "faithful", "crisp"  # crispness 0 and 1
DAMAGED_CLIPS, DAMAGED_FRAMES = 16, 16  # the last six frames are scored, every second one
LEAST_CLIPS = 4  # of CLEAN_FRAMES, where all that is held out are ends of clips
CLEAN_CLIPS, CLEAN_FRAMES = 60, 24  # cheap, and enough to include the one portrait in ten that is harmed most


@dataclass(frozen=True)
class Judgement:
    """Results of one look: each clip under each degradation, and each undamaged clip."""

    look: str  # FAITHFUL or CRISP
    rows: Sequence[Row]
    clean: Sequence[CleanRow]

    @property
    def psnr_gain(self) -> float:
        return fmean(row.psnr_gain for row in self.rows)

    @property
    def ssim_gain(self) -> float:
        return fmean(row.ssim_gain for row in self.rows)

    @property
    def chroma_gain(self) -> float:
        return fmean(row.chroma_gain for row in self.rows)

    @property
    def worst(self) -> Row:
        """The clip and degradation with the smallest gain."""
        return min(self.rows, key=lambda row: row.psnr_gain)

    @property
    def worst_clean(self) -> CleanRow:
        return min(self.clean, key=lambda row: row.psnr)

    def summary(self) -> dict[str, float]:
        """The scores for the manifest; keys of the worst ones say where they were measured."""
        worst, clean = self.worst, self.worst_clean
        return {
            "psnr_gain": round(self.psnr_gain, 4),
            "ssim_gain": round(self.ssim_gain, 5),
            "worst_psnr_gain": round(worst.psnr_gain, 4),
            f"worst_psnr_gain: {worst.clip}, {worst.degradation}": round(worst.psnr_gain, 4),
            "chroma_gain": round(self.chroma_gain, 4),
            "worst_chroma_gain": round(min(row.chroma_gain for row in self.rows), 4),
            "clean_psnr": round(clean.psnr, 2),
            f"clean_psnr: {clean.clip}, frame {clean.frame}": round(clean.psnr, 2),
        }


class Judge:
    """Evaluates models, as shipped, on square clips of `side` pixels of held-out media."""

    def __init__(self, media: Media, side: int) -> None:
        self._media, self._side = media, side
        self._degradations = judged(side)

    def check_enough(self) -> None:
        """Raise ModelError if there is too little held-out media to decide on publication.

        A file that was held out whole is enough. The end of a clip is like its beginning, which was trained
        on, so that more of it is needed.
        """
        clips = list_held(self._media, CLEAN_FRAMES)
        is_whole = bool(self._media.stills) or any(isinstance(clip, Path) for clip in self._media.clips)
        if len(clips) >= LEAST_CLIPS or (clips and is_whole):
            return
        if not clips:
            found = "nothing can be held out to judge by"
        else:
            found = f"{len(clips) * CLEAN_FRAMES} frames are held out to judge by"
        needed = LEAST_CLIPS * CLEAN_FRAMES
        every = round(needed / HELD_BACK)
        raise ModelError(
            f"not published: {found}, expected at least {needed}, the last fifth of {every}; add clips until "
            f"they are {every / FPS:.0f} s long in all, or two or more stills"
        )

    def __call__(self, model: Model, crispness: float) -> Judgement:
        """Evaluate one look of a model. Raises SourceError if no file is readable."""
        damaged = hold_out(self._media, self._side, DAMAGED_CLIPS, DAMAGED_FRAMES)
        found = evaluate(model, damaged, self._degradations, stride=2, crispness=crispness)
        count = min(DAMAGED_CLIPS, len(list_held(self._media, DAMAGED_FRAMES))) * len(self._degradations)
        look = CRISP if crispness else FAITHFUL
        rows = list(tqdm(found, f"{model.spec.name}, {look}", count, unit="clip", disable=None))
        clean = list(self._clean(model, crispness))
        if not rows or not clean:
            raise SourceError("none of the held-out files is readable; check DATA")
        return Judgement(look, rows, clean)

    def looks(self, model: Model) -> list[Judgement]:
        """Evaluate every look of a model."""
        return [self(model, float(look)) for look in range(model.spec.looks)]

    def _clean(self, model: Model, crispness: float) -> Iterator[CleanRow]:
        for name, frames in hold_out(self._media, self._side, CLEAN_CLIPS, CLEAN_FRAMES):
            yield worst_clean_frame(model, name, frames, crispness)


def open_judge(recipe: Recipe, folders: Sequence[Path]) -> Judge:
    """The evaluation on a recipe's held-out media. Raises ModelError if they are too few to judge by."""
    judge = Judge(held_out(recipe.data, folders), recipe.data.side)
    judge.check_enough()
    return judge


def judged(side: int) -> Mapping[str, Degradation]:
    """The degradations: from bad links and dim rooms to links without visible damage."""
    return {**NAMED, **WEBCAM, **FILMED["L"], **FILMED["N"], **good_end((side, side))}
