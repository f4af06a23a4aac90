"""Strengths of chroma cleaning for each kind of damage, fitted to a student's gauge on degraded scenes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from distill.damage.cameras import draw_camera
from distill.damage.degradation import draw_linked
from distill.data.media import Media
from distill.data.scenes import Scenes
from vcam.frame import Frame, resize
from vcam.manifest import MOST_CHROMA
from vcam.restore import Model, Restorer
from vcam.restore.chroma import restore_chroma

MOST_SCENES = 500  # for fitting: 1,000 planes for eight numbers
SCENES_A_FILE = 40
HELD_SCENES = 100  # to decide whether it helps
TRIED = np.linspace(0, MOST_CHROMA, 9)  # strengths; values between are interpolated
FINE = np.linspace(0, MOST_CHROMA, 41)  # an expert's strength is one of these
CLEAN_MSE = 0.2  # code values squared, 55 dB: an input that is better counts as this good
LOSS_WEIGHT = 2.0  # weight of losses against gains

Shares = npt.NDArray[np.floating]  # (N, experts)
Errors = npt.NDArray[np.floating]  # (N, TRIED): mean squared, in code values


@dataclass(frozen=True)
class Trials:
    """Effect of cleaning on N chroma planes: the gauge's shares, and the error at each strength TRIED.

    Errors are of rounded code values, as displayed: changes of less than half a code value have no effect.
    """

    shares: Shares
    errors: Errors

    def gains(self, strengths: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """The gain in PSNR of each plane by the experts' strengths, (N,)."""
        place = (self.shares @ strengths).clip(0, MOST_CHROMA) / TRIED[1]
        below = np.minimum(place.astype(int), len(TRIED) - 2)
        above = place - below
        rows = np.arange(len(below))
        after = self.errors[rows, below] * (1 - above) + self.errors[rows, below + 1] * above
        found: npt.NDArray[np.floating] = 10 * np.log10((self.errors[:, 0] + CLEAN_MSE) / (after + CLEAN_MSE))
        return found

    def worth(self, strengths: npt.NDArray[np.floating]) -> float:
        """The mean gain, losses weighted."""
        gains = self.gains(strengths)
        return float((gains + (LOSS_WEIGHT - 1) * np.minimum(gains, 0)).mean())


def fit_chroma(model: Model, train: Media, held: Media, side: int, seed: int = 0) -> tuple[float, ...]:
    """The experts' strengths for a student, fitted to scenes of `train`; empty if they do not help on `held`.

    model   as published, but without strengths: it must not clean chroma itself
    side    of the scenes, in pixels

    Strengths differ slightly between runs, because real-time encoders depend on the clock.
    """
    if model.spec.chroma:
        raise ValueError(f"model {model.spec.name!r} has strengths already; leave them out of its spec")
    if not model.spec.experts:
        return ()
    rng = np.random.default_rng(seed)
    fitted, judged = (
        gather(try_scenes(model, media, side, most, rng))
        for media, most in ((train, MOST_SCENES), (held, HELD_SCENES))
    )
    if fitted is None or judged is None:
        return ()
    strengths = fit_strengths(fitted)
    worth = judged.worth(strengths)
    shown = ", ".join(f"{strength:g}" for strength in strengths)
    print(f"chroma of {model.spec.name}: {worth:+.3f} dB on held-out scenes by strengths {shown}")
    return tuple(float(strength) for strength in strengths) if worth > 0 else ()


def fit_strengths(trials: Trials) -> npt.NDArray[np.floating]:
    """The best strengths of the experts, (experts,), each one of FINE.

    Coordinate ascent until no strength changes: the objective is almost concave in them.
    """
    strengths = np.zeros(trials.shares.shape[1])
    moved = True
    while moved:
        moved = False
        for expert in range(len(strengths)):
            tries = np.repeat(strengths[None], len(FINE), axis=0)
            tries[:, expert] = FINE
            best = tries[int(np.argmax([trials.worth(each) for each in tries]))]
            if trials.worth(best) > trials.worth(strengths):
                strengths, moved = best, True
    return strengths.round(3)


def try_scenes(
    model: Model, media: Media, side: int, most: int, rng: np.random.Generator
) -> Iterator[Trials]:
    """Clean the last picture of degraded scenes (calls and webcams) of the media; two planes per scene."""
    count = min(most, SCENES_A_FILE * (len(media.clips) + len(media.stills)))
    draw = Scenes(media, side, side)
    for _ in tqdm(range(count), f"chroma of {model.spec.name}", unit="scene"):
        scene = draw.film(int(rng.choice([2, 6, 12])), rng)
        if isinstance(scene, Path) or not scene:
            continue  # unreadable file
        truth, seen = damage(scene, side, rng)
        yield try_cleaning(Restorer(model, truth[-1].size), seen, truth[-1])


def gather(trials: Iterable[Trials]) -> Trials | None:
    """Concatenate trials; None if there are none."""
    found = list(trials)
    if not found:
        return None
    return Trials(
        np.concatenate([each.shares for each in found]), np.concatenate([each.errors for each in found])
    )


def damage(
    scene: Sequence[Frame], side: int, rng: np.random.Generator
) -> tuple[Sequence[Frame], Sequence[Frame]]:
    """Degrade a scene: the truth and the degraded frames at the same size; 60% links, 25% cameras.

    The others are undamaged, at full or smaller size, so that good small pictures keep their colours.
    """
    chance = rng.random()
    if chance < 0.25:
        camera = draw_camera(rng)
        return camera.truth(scene), camera.shoot(scene, rng)
    if chance < 0.40:
        small = round(side / rng.choice([1.0, 1.5, 2.0, 3.0, 4.0]) / 2) * 2
        return scene, [resize(frame, (small, small)) for frame in scene]
    return scene, draw_linked((side, side), rng).apply(scene, rng)


def try_cleaning(restore: Restorer, seen: Iterable[Frame], truth: Frame) -> Trials:
    """Restore frames in order, and clean the chroma of the last by each strength TRIED: u, then v."""
    shown = [restore(frame) for frame in seen][-1]
    errors = []
    for strength in TRIED:
        planes = restore_chroma(shown.y, shown.u, shown.v, float(strength))
        pairs = zip(planes, (truth.u, truth.v), strict=True)
        errors.append([np.mean((plane.astype(np.float32) - true) ** 2) for plane, true in pairs])
    return Trials(np.stack([restore.damage] * 2).astype(np.float64), np.array(errors, np.float64).T)
