"""The clips of a comparison: calls, and panning clips made of stills of several contents."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill.data.media import CLIPS, STILLS, pan_still, read_clip, read_still
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.manifest import sha256_of

log = logging.getLogger(__name__)

CONTENT_OF = {
    "face": "faces",
    "people": "people",
    "general": "nature",
    "text": "text",
}  # PREFIX of PREFIX__name: content
CALLS = "calls"
STILL_FRAMES = 24
PAN = 1  # version of the panning of stills


@dataclass(frozen=True)
class Specimen:
    """An undamaged clip that is decoded on demand."""

    name: str
    content: str  # one of distill.evaluate.results.CONTENTS
    key: str  # a hash of the file and of how its frames are made
    scored: int  # frames to score
    read: Callable[[], list[Frame]]


def list_clips(folder: Path, min_height: int, limit: int, scored: int) -> list[Specimen]:
    """The clips of a folder with at least `min_height` lines, the first `limit` frames of each.

    Files that are unreadable or have a single frame are logged and left out. Raises SourceError if there is
    no folder or no clip.
    """
    found = []
    for path in _files(folder, CLIPS):
        start = read_clip(path, 2)
        if len(start) < 2:
            log.warning("%s is not a clip of at least two frames: left out", path)
        elif start[0].height >= min_height:
            key = f"{sha256_of(path.read_bytes())} {limit}"
            found.append(Specimen(path.stem, CALLS, key, scored, _ReadClip(path, limit)))
    if not found:
        raise SourceError(f"no clips of {min_height} lines or more in {folder}; choose another folder")
    return found


def list_stills(folder: Path, side: int, scored: int, most: int | None = None) -> list[Specimen]:
    """The stills of a folder as clips of `side` x `side`; the content is the part of a name before "__".

    most   stills per content, the first by name; None: all

    Unreadable stills, and those with another prefix or none, are logged and left out. Raises SourceError if
    there is no folder or no still.
    """
    found: list[Specimen] = []
    for path in _files(folder, STILLS):
        content = CONTENT_OF.get(path.name.partition("__")[0])
        if content is None or read_still(path) is None:
            log.warning("%s is not a still named face__, people__, general__ or text__: left out", path)
        elif most is None or sum(other.content == content for other in found) < most:
            key = f"{sha256_of(path.read_bytes())} {side} {STILL_FRAMES} pan{PAN}"
            found.append(Specimen(path.stem, content, key, scored, _PanStill(path, side)))
    if not found:
        raise SourceError(f"no stills in {folder}; expected names such as face__NAME.png")
    return found


def scored_indices(count: int, scored: int, first: int) -> list[int]:
    """Indices of up to `scored` frames of a clip of `count`, spread from `first` on; each has a successor.

    If the clip is too short for `first`, frames near its end are used.
    """
    last = count - 2
    places = np.linspace(min(first, last), last, min(scored, last - min(first, last) + 1))
    return sorted({round(float(place)) for place in places})


@dataclass(frozen=True)
class _ReadClip:
    path: Path
    limit: int

    def __call__(self) -> list[Frame]:
        return read_clip(self.path, self.limit)


@dataclass(frozen=True)
class _PanStill:
    path: Path
    side: int

    def __call__(self) -> list[Frame]:
        image = read_still(self.path)
        if image is None:
            raise SourceError(f"cannot read the still {self.path}")
        rng = np.random.default_rng(sum(self.path.name.encode()))
        return pan_still(image, self.side, STILL_FRAMES, rng)


def _files(folder: Path, endings: frozenset[str]) -> Sequence[Path]:
    if not folder.is_dir():
        raise SourceError(f"no folder {folder}; choose one with clips or stills")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)
