"""Training samples of calls and poor webcams: short degraded clips of luma with their truth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill.damage.degradation import DAMAGE_CLASSES, Degradation, draw, draw_webcam
from distill.data.excerpts import path_of
from distill.data.media import Media, cut_clip, pan_still, read_still
from distill.data.pack import Samples, no_samples
from vcam.frame import Frame, resize

LONGEST_LEAD = 10  # frames that the codec encodes before the first stored one, at most


@dataclass(frozen=True)
class CallClips:
    """Draws clips of `frames` consecutive luma frames, degraded at `side` pixels, cropped to `kept`."""

    media: Media
    side: int
    kept: int
    frames: int

    def __call__(self, rng: np.random.Generator) -> Samples:
        """One clip under one drawn degradation; none if its file is unreadable or too short."""
        truth = self._open(self.frames + int(rng.integers(LONGEST_LEAD)), rng)
        if isinstance(truth, Path):
            return no_samples((self.frames, 2, 1, self.kept, self.kept), (str(truth),))
        degradation = self._draw(rng)
        seen = degradation.apply(truth, rng)
        # a repeated picture is a frame that the encoder dropped: late, not degraded
        fresh = [k for k, frame in enumerate(seen) if k == 0 or frame.y is not seen[k - 1].y]
        if len(fresh) < self.frames:
            return no_samples((self.frames, 2, 1, self.kept, self.kept))
        top, left = rng.integers(0, self.side - self.kept + 1, 2)
        window = np.s_[top : top + self.kept, left : left + self.kept]
        size = (self.side, self.side)
        clip = np.stack(
            [np.stack([resize(seen[k], size).y[window], truth[k].y[window]]) for k in fresh[-self.frames :]]
        )  # (T, 2, kept, kept)
        kind = np.array([DAMAGE_CLASSES.index(degradation.kind)], np.uint8)
        return Samples(clip[None, :, :, None], kind)

    def _draw(self, rng: np.random.Generator) -> Degradation:
        return draw((self.side, self.side), rng)

    def _open(self, count: int, rng: np.random.Generator) -> list[Frame] | Path:
        """A clip of a random file, or the path of the file if it is unreadable."""
        media = self.media
        use_clip = bool(media.clips) and (not media.stills or rng.random() < 0.4)
        if use_clip:
            clip = media.clips[rng.integers(len(media.clips))]
            return cut_clip(clip, self.side, count, rng) or path_of(clip)
        path = media.stills[rng.integers(len(media.stills))]
        image = read_still(path)
        return pan_still(image, self.side, count, rng) if image is not None else path


@dataclass(frozen=True)
class WebcamClips(CallClips):
    """Draws clips recorded by a poor webcam, without a link."""

    def _draw(self, rng: np.random.Generator) -> Degradation:
        return draw_webcam(rng)
