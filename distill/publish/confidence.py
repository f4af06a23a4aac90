"""The confidence of a student: a small network of figures, fitted to what residuals did to scenes."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from tqdm import tqdm

from distill.damage.cameras import Camera, draw_camera
from distill.damage.degradation import FPS, Degradation, draw_linked, draw_nearly_clean
from distill.data.media import Media
from distill.data.scenes import Scenes
from distill.publish.confidence_net import CarefulNet, ConfidenceNet, export, set_lean
from vcam.frame import Frame, Size, resize
from vcam.link import LinkProfile
from vcam.restore import Model, add_residual, from_cells
from vcam.restore.confidence import figures_of
from vcam.restore.fusion import LUMA, Fusion
from vcam.restore.tuning import Tuning

SCENES = 2000  # to fit to
SCENES_A_FILE = 40
HELD_SCENES = 200  # to decide whether it helps
STEPS, BATCH, RATE = 4000, 1024, 3e-3
STEPS_ON, RATE_ON = 1200, 5e-4  # from another model's confidence on
STEPS_A_ROW = 5  # at most: few scenes are learnt sooner
LOSS_WEIGHT = 6.0, 16.0  # of a dB lost against a dB gained, faithful and crisp
SHARPNESS = 0.3  # dB: what all of a crisp residual is worth beside its gain, which may then be as low as 0
SHARES = np.linspace(0, 1, 11)  # of a residual, at which its errors are known
LEAST_ERROR = 0.02  # code values squared, added: a picture better than 65 dB counts as about this good


@dataclass(frozen=True)
class Outcomes:
    """What N residuals did to their pictures.

    figures   (N, vcam.restore.confidence.FIGURES), as the camera takes them
    looks     (N,): the look that the residual is of
    errors    (N, SHARES): mean squared errors, in code values, with each share of the residual added
    """

    figures: npt.NDArray[np.float32]
    looks: npt.NDArray[np.int64]
    errors: npt.NDArray[np.float32]


def fit_confidence(
    model: Model,
    train: Media,
    held: Media,
    side: int,
    scenes: int = SCENES,
    seed: int = 0,
    start: ConfidenceNet | None = None,
    lean: float = 0.0,
) -> bytes | None:
    """The file "confidence" for a student, fitted to scenes of `train`; None if it does not help on `held`.

    model   as published; its own confidence, if it has one, is not used
    side    of the scenes, in pixels
    start   the confidence of the model that it has grown from: it is fitted on from there, and both count,
            see CarefulNet
    lean    once fitted, see ConfidenceNet: in the faithful look, 0..1
    """
    rng = np.random.default_rng(seed)
    fitted = gather(try_scenes(model, train, side, scenes, rng))
    judged = gather(try_scenes(model, held, side, HELD_SCENES, rng))
    if fitted is None or judged is None:
        return None
    own = fit(fitted, model.spec.looks, seed, start)
    net = own if start is None else CarefulNet(copy.deepcopy(start), own)
    set_lean(net, lean)
    with torch.no_grad():
        before, after = (float(worth(net, judged, is_used).mean()) for is_used in (False, True))
    print(f"confidence of {model.spec.name}: {after - before:+.3f} dB on held-out scenes, losses weighted")
    return export(net, {"name": model.spec.name}) if after > before else None


def fit(outcomes: Outcomes, looks: int, seed: int = 0, start: ConfidenceNet | None = None) -> ConfidenceNet:
    """A network trained on outcomes, from nothing or from a copy of another one on; it does not lean."""
    torch.manual_seed(seed)
    figures = torch.from_numpy(outcomes.figures)
    if start is None:
        net, most, rate = ConfidenceNet(looks), STEPS, RATE
        net.take_in(figures)
    else:
        net, most, rate = copy.deepcopy(start).train(), STEPS_ON, RATE_ON
        set_lean(net, 0)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-2)
    steps, batch = min(most, STEPS_A_ROW * len(figures)), min(BATCH, len(figures))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(steps), "confidence", unit="step", disable=None):
        rows = rng.integers(len(figures), size=batch)
        part = Outcomes(outcomes.figures[rows], outcomes.looks[rows], outcomes.errors[rows])
        loss = -worth(net, part).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net.eval()


def worth(net: nn.Module, outcomes: Outcomes, is_used: bool = True) -> Tensor:
    """What each outcome is worth by the network's confidence, (N,) in dB: gains, with losses weighted.

    Of a crisp look, only losses count and how much of it is shown: it is there for sharpness, not for PSNR.
    is_used    False: as if the confidence were 1
    """
    looks = torch.from_numpy(outcomes.looks)
    share = torch.ones(len(looks))
    if is_used:
        share = net(torch.from_numpy(outcomes.figures)).gather(1, looks[:, None])[:, 0]
    errors = torch.from_numpy(outcomes.errors) + LEAST_ERROR
    gain = 10 * torch.log10(errors[:, 0] / _at(errors, share))
    good = torch.where(looks == 0, gain.clamp(min=0), SHARPNESS * share)
    return good + torch.tensor(LOSS_WEIGHT)[looks] * gain.clamp(max=0)


def _at(errors: Tensor, share: Tensor) -> Tensor:
    """Errors (N, SHARES) at any shares (N,): between those that are known, on a line."""
    place = share * (len(SHARES) - 1)
    below = place.detach().floor().clamp(max=len(SHARES) - 2).long()
    before, after = (errors.gather(1, (below + step)[:, None])[:, 0] for step in (0, 1))
    return before + (place - below) * (after - before)


def try_scenes(
    model: Model, media: Media, side: int, most: int, rng: np.random.Generator
) -> Iterator[Outcomes]:
    """Restore two pictures of each of up to `most` degraded scenes, in every look."""
    count = min(most, SCENES_A_FILE * (len(media.clips) + len(media.stills)))
    draw = Scenes(media, side, side)
    for _ in tqdm(range(count), f"residuals of {model.spec.name}", unit="scene", disable=None):
        length = int(rng.choice([3, 6, 10, 16]))
        scene = draw.film(length, rng)
        if isinstance(scene, Path) or len(scene) < length:
            continue  # unreadable, or too short
        truth, seen = _damage(scene, side, rng)
        yield try_residuals(model, seen, truth, {length - 1, int(rng.integers(length))})


def _damage(
    scene: Sequence[Frame], side: int, rng: np.random.Generator
) -> tuple[Sequence[Frame], Sequence[Frame]]:
    """The truth and the degraded frames; half of them are so good that there is hardly anything to gain."""
    chance = rng.random()
    if chance < 0.08:
        return scene, scene
    if chance < 0.36:
        camera = draw_camera(rng) if chance < 0.24 else _draw_noisy(rng)
        return camera.truth(scene), camera.shoot(scene, rng)
    draw = draw_nearly_clean if chance < 0.66 else _draw_shrunk if chance < 0.8 else draw_linked
    return scene, draw((side, side), rng).apply(scene, rng)


def _draw_shrunk(size: Size, rng: np.random.Generator) -> Degradation:
    """A link of a smaller picture, neither good nor bad: on smooth skin behind VP8 a residual may harm."""
    scale = float(rng.choice([1.5, 2.0, 3.0, 4.0], p=[1 / 6, 1 / 2, 1 / 6, 1 / 6]))
    pixels = size[0] * size[1] / scale**2
    if rng.random() < 0.7:
        kbps = float(rng.uniform(0.08, 0.55)) * pixels * FPS / 1000
        return Degradation(None, scale, LinkProfile("drawn", "vp8", kbps=kbps, fps=FPS))
    return Degradation(None, scale, LinkProfile("drawn", "h264", crf=int(rng.integers(18, 34)), fps=FPS))


def _draw_noisy(rng: np.random.Generator) -> Camera:
    """A camera whose noise is white, from little to more than any network has seen, in any light."""
    return Camera(
        blur_px=float(rng.uniform(0.5, 1.3)),
        read_noise=float(rng.uniform(0.5, 6)),
        shot_gain=float(np.exp(rng.uniform(np.log(0.02), np.log(1.5)))),
        chroma_noise=float(rng.uniform(0, 4)),
        quality=int(rng.integers(60, 96)),
    )


def try_residuals(model: Model, seen: Sequence[Frame], truth: Sequence[Frame], moments: set[int]) -> Outcomes:
    """What the model's residuals do to the frames at some moments: of each of its looks."""
    size = truth[0].size
    fusion, tuning = Fusion() if model.spec.fused else Fusion(depth=1), Tuning(model)
    figures, looks, errors = [], [], []
    for number, frame in enumerate(seen):
        fused = fusion(resize(frame, size))
        cells = fused.cells if model.spec.fused else np.ascontiguousarray(fused.cells[..., :LUMA])
        tuning.network(cells, frame.size, frame.is_cut)
        if number not in moments:
            continue
        luma = truth[number].y
        for look in range(model.spec.looks):
            added = model.network(tuning.shares, float(look)).residual(cells)
            residual = from_cells(added, model.spec.cell, size)
            figures.append(figures_of(cells, added, size[0] / frame.width)[0])
            looks.append(look)
            pictures = [add_residual(fused.frame.y, residual, share) for share in SHARES]
            errors.append([cv2.norm(picture, luma, cv2.NORM_L2SQR) / luma.size for picture in pictures])
    return Outcomes(np.stack(figures), np.array(looks), np.array(errors, np.float32))


def gather(outcomes: Iterator[Outcomes]) -> Outcomes | None:
    """Concatenate outcomes; None if there are none."""
    found = list(outcomes)
    if not found:
        return None
    return Outcomes(
        np.concatenate([each.figures for each in found]),
        np.concatenate([each.looks for each in found]),
        np.concatenate([each.errors for each in found]),
    )
