"""Training samples of still and moving scenes after a camera, a link and temporal fusion."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from distill.damage.cameras import draw_camera
from distill.damage.degradation import DAMAGE_CLASSES, draw_linked
from distill.data.excerpts import path_of
from distill.data.media import PERIOD_NS, Media, cut_clip, pan_still, read_still
from distill.data.pack import Samples, no_samples
from vcam.conversion.opencv import Bgr, from_bgr, to_bgr
from vcam.frame import Frame, resize
from vcam.restore.cells import ZERO_RESIDUAL
from vcam.restore.fusion import CELL, LUMA, Fused, Fusion

SIDES = 4  # planes of a sample: fused input, truth, age, noise
LONGEST = 28  # frames fused at most
MOST_OBJECTS = 3  # moving in front of a background
FASTEST_PX = 30.0  # per frame: a hand in front of the lens
CLEAN_SHARE = 0.08  # fraction of the scenes
CAMERA_SHARE = 0.30  # fraction; the others go through a link


@dataclass(frozen=True)
class Scenes:
    """Draws scenes of square frames of `side` pixels, degrades and fuses them, and cuts windows of `kept`.

    Two in five scenes are real clips. The others are composed of stills: a background, which does not move in
    four out of five as in a call, and up to three objects in front of it that move, pause and overlap.
    """

    media: Media
    side: int
    kept: int
    frames: int = 1  # a sample is one picture: fusion carries the past

    def __call__(self, rng: np.random.Generator) -> Samples:
        """Samples (n, 1, 4, 1, kept, kept) of one scene; none if a file is unreadable or too short."""
        count = int(rng.choice([2, 6, 14, LONGEST], p=[0.1, 0.25, 0.35, 0.3]))
        scene = self.film(count, rng)
        if isinstance(scene, Path):
            return no_samples((1, SIDES, 1, self.kept, self.kept), (str(scene),))
        if len(scene) < count:
            return no_samples((1, SIDES, 1, self.kept, self.kept))
        truth, seen, kind = _damage(scene, self.side, rng)
        moments = {count - 1, int(rng.integers(count))}
        fuses = rng.random() > 0.08  # not: the first frames of a stream; fusion switched off
        fusion = Fusion() if fuses else Fusion(depth=1)
        samples = []
        for number, frame in enumerate(seen):
            fused = fusion(frame)
            if number in moments:
                samples.append(self._cut(fused, truth[number], fuses, rng))
        return Samples(
            np.stack(samples)[:, None, :, None], np.full(len(samples), DAMAGE_CLASSES.index(kind), np.uint8)
        )

    def _cut(
        self, fused: Fused, truth: Frame, fuses: bool, rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """One sample (4, kept, kept)."""
        top, left = rng.integers(0, self.side - self.kept + 1, 2)
        window = np.s_[:, top : top + self.kept, left : left + self.kept]
        return np.stack([fused.frame.y, truth.y, *context_planes(fused, fuses)])[window]

    def film(self, count: int, rng: np.random.Generator) -> list[Frame] | Path:
        """A scene of `count` frames, or the path of an unreadable file."""
        media = self.media
        if media.clips and (not media.stills or rng.random() < 0.4):
            clip = media.clips[rng.integers(len(media.clips))]
            return cut_clip(clip, self.side, count, rng) or path_of(clip)
        pictures = []
        for _ in range(1 + int(rng.integers(MOST_OBJECTS + 1))):
            path = media.stills[rng.integers(len(media.stills))]
            picture = read_still(path)
            if picture is None:
                return path
            pictures.append(picture)
        return compose(pictures, self.side, count, rng)


def compose(pictures: list[Bgr], side: int, count: int, rng: np.random.Generator) -> list[Frame]:
    """Compose a scene of `count` square frames: moving cut-outs of pictures over the first picture.

    The light changes slowly in a fifth of the scenes, and suddenly in a twentieth.
    """
    if rng.random() < 0.8:
        background = to_bgr(pan_still(pictures[0], side, 1, rng)[0])
        frames = [background] * count
    else:
        frames = [to_bgr(frame) for frame in pan_still(pictures[0], side, count, rng)]
    for picture in pictures[1:]:
        thing, mask = _cut_out(picture, side, rng)
        frames = [
            _paste(frame, thing, mask, place)
            for frame, place in zip(frames, _path(side, count, rng), strict=True)
        ]
    lights = _lights(count, rng)
    lit = [
        frame if light == 1 else cv2.convertScaleAbs(frame, alpha=light)
        for frame, light in zip(frames, lights, strict=True)
    ]
    return [from_bgr(np.ascontiguousarray(frame), k, k * PERIOD_NS) for k, frame in enumerate(lit)]


def _cut_out(picture: Bgr, side: int, rng: np.random.Generator) -> tuple[Bgr, npt.NDArray[np.float32]]:
    """A round or ragged cut-out of a picture, on (side, side), with its mask in 0..1."""
    thing = to_bgr(pan_still(picture, side, 1, rng)[0])
    centre, radius = side / 2, side * rng.uniform(0.08, 0.42)
    rows, columns = np.mgrid[:side, :side].astype(np.float32) - np.float32(centre)
    stretch, angle = rng.uniform(0.5, 1.5), np.arctan2(rows, columns)
    waves = sum(rng.uniform(0, 0.15) * np.sin(n * angle + rng.uniform(0, 6.3)) for n in range(2, 6))
    distance = np.hypot(rows * stretch, columns / stretch) / (1 + waves)
    feather = rng.uniform(0.7, 3.0)
    return thing, np.clip((radius - distance) / feather + 0.5, 0, 1).astype(np.float32)


def _path(side: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Positions of an object, (count, 3): x, y in pixels and rotation in degrees; eased, with pauses."""
    speed = FASTEST_PX * rng.random() ** 3
    heading, turning = rng.uniform(0, 6.3), rng.normal(0, 1.0)
    place = np.array([*rng.uniform(-0.4, 0.4, 2) * side, rng.uniform(-20, 20)])
    pace, moves = 0.0, rng.random() < 0.7
    places: list[npt.NDArray[np.float64]] = []
    for _ in range(count):
        moves = moves if rng.random() > 0.12 else not moves
        pace += 0.4 * ((1.0 if moves else 0.0) - pace)  # eases in and out
        heading += rng.normal(0, 0.25)
        place = place + pace * np.array([speed * np.cos(heading), speed * np.sin(heading), turning])
        place[:2] = (place[:2] + side / 2) % side - side / 2
        places.append(place if pace > 0.02 or not places else places[-1])
    return np.array(places)


def _paste(frame: Bgr, thing: Bgr, mask: npt.NDArray[np.float32], place: npt.NDArray[np.float64]) -> Bgr:
    side = frame.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), place[2], 1.0)
    turn[:, 2] = turn[:, 2] + place[:2]
    share = cv2.warpAffine(mask, turn, (side, side))[..., None]
    moved = cv2.warpAffine(thing, turn, (side, side))
    return np.rint(frame + share * (moved.astype(np.float32) - frame)).astype(np.uint8)


def _lights(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Relative brightness of each frame, (count,), about 1."""
    lights, chance = np.ones(count), rng.random()
    if chance < 0.2:
        lights = lights + rng.uniform(-0.1, 0.1) * np.sin(np.linspace(0, rng.uniform(0.5, 6), count))
    elif chance < 0.25:
        lights[int(rng.integers(count)) :] = rng.uniform(0.6, 1.4)
    return lights


def _damage(scene: list[Frame], side: int, rng: np.random.Generator) -> tuple[list[Frame], list[Frame], str]:
    """The truth of a scene, the degraded frames at the same size, and the damage class."""
    chance = rng.random()
    if chance < CLEAN_SHARE:
        return scene, scene, "clean"
    if chance < CLEAN_SHARE + CAMERA_SHARE:
        camera = draw_camera(rng)
        return camera.truth(scene), camera.shoot(scene, rng), "camera"
    degradation = draw_linked((side, side), rng)
    seen = [resize(frame, (side, side)) for frame in degradation.apply(scene, rng)]
    return scene, seen, degradation.kind


def context_planes(fused: Fused, fuses: bool = True) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Age and noise as planes (H, W), in the units of `Fusion`, starting at 0."""
    context = fused.cells[0, :, :, LUMA : LUMA + 2].astype(np.int16) - ZERO_RESIDUAL
    planes = np.clip(context, 0, 255).astype(np.uint8) if fuses else np.zeros_like(context, np.uint8)
    age, noise = (np.kron(planes[..., k], np.ones((CELL, CELL), np.uint8)) for k in range(2))
    return age, noise
