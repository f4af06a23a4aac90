"""Training samples from real pairs of pictures: blurry/NAME and sharp/NAME in any folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.media import STILLS
from distill.data.pack import Samples, no_samples
from distill.studies.bicubic import scale_bicubic
from distill.studies.damage import Rgb
from distill.studies.data.stills import PATCHES, bring_to, read_rgb, stack_pairs
from vcam.errors import SourceError

BLURRY, SHARP = "blurry", "sharp"  # the folders' names
LARGEST_SCALE = 4  # of a sharp picture relative to the blurry one

Pair = tuple[Path, Path]  # blurry, sharp


@dataclass(frozen=True)
class Pairs:
    """Pairs of files with the same name, and files without a partner."""

    complete: tuple[Pair, ...]
    alone: tuple[Path, ...]


@dataclass(frozen=True)
class PairedStills:
    """Draws patches (n, 1, 2, C, kept, kept) at the same position in both pictures of a pair.

    C is 3, or 1 for luma. The blurry picture may be smaller by 2, 3 or 4: it is scaled up bicubically, and
    its damage class is that scale.
    """

    pairs: tuple[Pair, ...]
    kept: int
    luma: bool = False

    def __call__(self, rng: np.random.Generator) -> Samples:
        """Up to PATCHES patches of one random pair; none, with the file's name, if one is unreadable.

        Raises SourceError if the sizes are neither equal nor such a multiple.
        """
        paths = self.pairs[rng.integers(len(self.pairs))]
        blurry, sharp = (read_rgb(path) for path in paths)
        if blurry is None or sharp is None:
            planes = 1 if self.luma else 3
            unreadable = str(paths[0] if blurry is None else paths[1])
            return no_samples((1, 2, planes, self.kept, self.kept), (unreadable,))
        blurry, scale = match_sizes(blurry, sharp, paths)
        blurry, sharp = (bring_to(picture, 0, self.kept) for picture in (blurry, sharp))
        room = np.array(sharp.shape[:2]) - self.kept + 1
        windows = [
            np.s_[top : top + self.kept, left : left + self.kept]
            for top, left in rng.integers(0, room, (PATCHES, 2))
        ]
        cut = [(blurry[window], sharp[window]) for window in windows]
        kind = DAMAGE_CLASSES.index("camera" if scale == 1 else f"x{scale}")
        return Samples(stack_pairs(cut, self.kept, self.luma), np.full(PATCHES, kind, np.uint8))


def find_pairs(folders: Sequence[Path]) -> Pairs:
    """Every still below a folder BLURRY with the one of the same name below its sibling SHARP.

    Raises SourceError if a folder is missing or there is no pair.
    """
    complete: list[Pair] = []
    alone: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise SourceError(f"no folder {folder}; name one that holds {BLURRY}/ and {SHARP}/: DATA=folder")
        for sharp_folder in sorted(path for path in [folder, *folder.rglob(SHARP)] if path.name == SHARP):
            blurry, sharp = (_stills(sharp_folder.with_name(name)) for name in (BLURRY, SHARP))
            complete += [(blurry[name], sharp[name]) for name in sharp if name in blurry]
            alone += [path for name, path in sharp.items() if name not in blurry]
            alone += [path for name, path in blurry.items() if name not in sharp]
    if not complete:
        names = " ".join(str(folder) for folder in folders)
        raise SourceError(
            f"no pairs below {names}; expected {BLURRY}/NAME and {SHARP}/NAME, side by side, "
            f"but {len(alone)} files have no partner"
        )
    return Pairs(tuple(complete), tuple(alone))


def match_sizes(blurry: Rgb, sharp: Rgb, paths: Pair) -> tuple[Rgb, int]:
    """The blurry picture scaled to the sharp one's size, and the scale. Raises SourceError."""
    (height, width), (low_height, low_width) = sharp.shape[:2], blurry.shape[:2]
    scale = width // low_width
    if not 1 <= scale <= LARGEST_SCALE or (low_width * scale, low_height * scale) != (width, height):
        raise SourceError(
            f"{paths[0]} is {low_width}x{low_height} and {paths[1]} {width}x{height}: expected equal sizes, "
            f"or sides that are 2, 3 or {LARGEST_SCALE} times the blurry one's; scale or remove one"
        )
    if scale == 1:
        return blurry, 1
    scaled = scale_bicubic(blurry.astype(np.float32), (width, height))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), scale


def _stills(folder: Path) -> dict[Path, Path]:
    """The stills below a folder by relative path, sorted."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in STILLS)
    return {path.relative_to(folder): path for path in found}
