"""Training samples from sharp stills with a published system's degradation: several patches of each."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.excerpts import Clip, path_of
from distill.data.media import Media, cut_clip
from distill.data.pack import Samples, no_samples
from distill.studies.bicubic import scale_bicubic
from distill.studies.damage import DEGRADATIONS, Rgb
from vcam.conversion.opencv import from_bgr, to_bgr

PATCHES = 4  # per decoded picture: decoding takes longer than degrading


@dataclass(frozen=True)
class Stills:
    """Draws patches (n, 1, 2, C, kept, kept) of stills, or of frames of clips if there are no stills.

    degradation   one of DEGRADATIONS; it acts on `side` pixels, of which the middle `kept` are kept
    lines         height that larger pictures are scaled down to first; 0: no scaling
    luma          BT.601 limited luma as a Frame's, C = 1; else R, G, B in full range, C = 3

    A picture smaller than `side` is scaled up, so its truth is not sharp: prefer larger ones.
    """

    media: Media
    degradation: str
    side: int
    kept: int
    lines: int = 0
    luma: bool = False

    def __call__(self, rng: np.random.Generator) -> Samples:
        """Up to PATCHES degraded patches of one random file; none, with its name, if it is unreadable."""
        files: tuple[Clip, ...] = self.media.stills or self.media.clips
        file = files[rng.integers(len(files))]
        patches = self._cut(file, rng)
        if not patches:
            planes = 1 if self.luma else 3
            return no_samples((1, 2, planes, self.kept, self.kept), (str(path_of(file)),))
        damage = DEGRADATIONS[self.degradation]
        damaged = [damage(patch, rng) for patch in patches]
        pairs = [(seen, truth) for (seen, _), truth in zip(damaged, patches, strict=True)]
        kinds = np.array([DAMAGE_CLASSES.index(kind) for _, kind in damaged], np.uint8)
        return Samples(stack_pairs(pairs, self.kept, self.luma), kinds)

    def _cut(self, file: Clip, rng: np.random.Generator) -> list[Rgb]:
        """Square patches of `side` pixels, RGB; none if the file is unreadable."""
        if not self.media.stills:
            return [to_bgr(frame)[..., ::-1] for frame in cut_clip(file, self.side, 1, rng)]
        picture = read_rgb(path_of(file))
        if picture is None:
            return []
        picture = bring_to(picture, self.lines, self.side)
        room = np.array(picture.shape[:2]) - self.side + 1
        places = rng.integers(0, room, (PATCHES, 2))
        return [picture[top : top + self.side, left : left + self.side] for top, left in places]


def read_rgb(path: Path) -> Rgb | None:
    """A still as (H, W, 3) RGB; None if it is unreadable."""
    try:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError):  # a few kilobytes of PNG can be gigapixels
        return None
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def bring_to(picture: Rgb, lines: int, smallest: int) -> Rgb:
    """Scale a picture down to `lines` (0: no), and up if a side would be smaller than `smallest`."""
    height, width = picture.shape[:2]
    scale = max(min(1.0, (lines or height) / height), smallest / min(height, width))
    if scale == 1:
        return picture
    size = max(smallest, round(width * scale)), max(smallest, round(height * scale))
    return np.clip(np.rint(scale_bicubic(picture.astype(np.float32), size)), 0, 255).astype(np.uint8)


def stack_pairs(pairs: list[tuple[Rgb, Rgb]], kept: int, luma: bool = False) -> np.ndarray:
    """Pairs (seen, truth) of RGB (S, S, 3) as clips (N, 1, 2, C, kept, kept): the centre of each."""
    margin = (pairs[0][0].shape[0] - kept) // 2
    window = np.s_[margin : margin + kept, margin : margin + kept]
    clips = np.stack([np.stack([_planes(picture[window], luma) for picture in pair]) for pair in pairs])
    return clips[:, None]  # (N, 1, 2, C, kept, kept)


def _planes(picture: Rgb, luma: bool) -> np.ndarray:
    """RGB (S, S, 3) as (C, S, S)."""
    if luma:
        return from_bgr(np.ascontiguousarray(picture[..., ::-1])).y[None]
    return picture.transpose(2, 0, 1)
