"""The faces of training media, stills and clips, detected once and cached."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

import cv2
from tqdm import tqdm

from distill.data.centerface import Box, detect_faces, keep_apart
from distill.data.media import CLIPS, read_clip
from distill.jsonl_cache import append_cache, read_cache
from vcam.conversion.opencv import Bgr, to_bgr

CACHE = Path("build/faces.jsonl")
LOOKS = 5  # frames of a clip for detection, evenly spread
VERSION = 1  # of the cached results

Faces: TypeAlias = tuple[Box, ...]


def find_faces(path: Path, cache: Path = CACHE) -> Faces:
    """The faces of one still or clip; see `find_all_faces`."""
    return find_all_faces([path], cache)[path]


def find_all_faces(paths: Iterable[Path], cache: Path = CACHE) -> Mapping[Path, Faces]:
    """The faces of each file, relative to its picture; empty if there are none or the file is unreadable.

    cache   JSON lines; files in it with the same size and time are not opened again

    For clips, boxes are from all frames used for detection, one per position of a face.
    Raises ModelError if the detector's package is not installed.
    """
    known, found = read_cache(cache), {}
    for path in tqdm(list(paths), "faces", unit="file", disable=None):
        key = _key(path)
        if key not in known:
            known[key] = {"faces": [asdict(box) for box in _find(path)]}
            append_cache(cache, key, known[key])
        found[path] = tuple(Box(**box) for box in known[key]["faces"])
    return found


def _key(path: Path) -> str:
    facts = os.stat(path)
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns} {VERSION}"


def _find(path: Path) -> list[Box]:
    return keep_apart([box for picture in _pictures(path) for box in detect_faces(picture)])


def _pictures(path: Path) -> list[Bgr]:
    """A still, rotated as by cv2.imread; or some frames of a clip."""
    if path.suffix.lower() not in CLIPS:
        still = cv2.imread(str(path), cv2.IMREAD_COLOR)
        return [] if still is None else [still]
    frames = read_clip(path)
    places = {len(frames) * (2 * look + 1) // (2 * LOOKS) for look in range(LOOKS)}
    return [to_bgr(frames[place]) for place in sorted(places)] if frames else []
