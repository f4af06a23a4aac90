"""Sharp stills and clips: find them in folders, split, decode, cut short square clips."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import av
import cv2
import numpy as np

from distill.damage.degradation import FPS
from vcam.conversion.opencv import Bgr, from_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, from_packed
from vcam.media import open_recording

STILLS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
CLIPS = {".mp4", ".mkv", ".webm", ".mov", ".avi", ".264", ".y4m"}
UNREADABLE = (av.FFmpegError, OSError, IndexError)  # raised when a file is not a readable video
PERIOD_NS = 1_000_000_000 // FPS


@dataclass(frozen=True)
class Media:
    """The files of a training set."""

    stills: tuple[Path, ...]
    clips: tuple[Path, ...]


def list_media(folders: Sequence[Path]) -> Media:
    """Find stills and clips below the folders, sorted, so that the same files give the same pairs.

    Raises SourceError if a folder is missing, or if there is nothing to train on.
    """
    for folder in folders:
        if not folder.is_dir():
            raise SourceError(f"no folder {folder}; name one with sharp stills or clips: DATA=folder")
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    media = Media(
        tuple(path for path in files if path.suffix.lower() in STILLS),
        tuple(path for path in files if path.suffix.lower() in CLIPS),
    )
    if not media.stills and not media.clips:
        names = " ".join(str(folder) for folder in folders)
        endings = " ".join(sorted(STILLS | CLIPS))
        raise SourceError(f"no stills or clips below {names}; expected files ending in {endings}")
    return media


def select(media: Media, pattern: str) -> Media:
    """The media whose file names match one of the shell patterns "*face*|*.png"; may be empty."""
    patterns = pattern.split("|")

    def matching(paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path for path in paths if any(fnmatchcase(path.name, each) for each in patterns))

    return Media(matching(media.stills), matching(media.clips))


def split(media: Media, every: int) -> tuple[Media, Media]:
    """Split the media into training and validation: every Nth file of each kind is held out."""

    def part(paths: tuple[Path, ...]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        held = paths[every // 2 :: every]
        return tuple(path for path in paths if path not in held), held

    (stills, held_stills), (clips, held_clips) = part(media.stills), part(media.clips)
    if not held_stills and not held_clips:  # too few files to hold one out: validate on the training files
        return media, media
    return Media(stills, clips), Media(held_stills, held_clips)


def pan_still(image: Bgr, side: int, count: int, rng: np.random.Generator) -> list[Frame]:
    """Make a clip of `count` square frames from a still, by scaling, panning and hand jitter.

    image   (H, W, 3) BGR; scaled up if smaller than `side`, so prefer larger ones
    side    of the frames, in pixels, even

    A third of the clips do not move, like most of a webcam's picture.
    """
    smallest = min(image.shape[:2])
    margin = side + 8
    scale = max(margin / smallest, rng.uniform(0.5, 1.0))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
    room = np.array(image.shape[:2]) - side
    start = rng.uniform(0, room)
    speed = rng.normal(0, 1.5, 2) if rng.random() > 0.33 else np.zeros(2)
    jitter = 0.6 if speed.any() else 0.0
    frames = []
    for index in range(count):
        place = np.clip(start + speed * index + rng.normal(0, 1, 2) * jitter, 0, room)
        top, left = (int(value) for value in np.rint(place))
        window = np.ascontiguousarray(image[top : top + side, left : left + side])
        frames.append(from_bgr(window, index, index * PERIOD_NS))
    return frames


def cut_clip(path: Path, side: int, count: int, rng: np.random.Generator) -> list[Frame]:
    """Decode a window of `count` frames at a random place and time, as square frames of `side`.

    Large pictures are scaled down at random, which also reduces the source's compression artefacts.
    Returns fewer frames if the clip ends or is damaged, none if the file is not a video.
    """
    images: list[Bgr] = []
    # one bad file must not abort hours of packing
    with contextlib.suppress(*UNREADABLE), open_recording(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            container.seek(int(rng.uniform(0, 0.8) * stream.duration), stream=stream)
        for picture in container.decode(stream):
            image = picture.to_ndarray(format="bgr24")
            if images and image.shape != images[0].shape:
                break  # the same window does not fit both sizes
            images.append(image)
            if len(images) == count:
                break
    smallest = min(images[0].shape[:2]) if images else side
    scale = max(side / smallest, float(rng.uniform(0.45, 1.0)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    images = [cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation) for image in images]
    if not images:
        return []
    top, left = (int(rng.integers(0, length - side + 1)) for length in images[0].shape[:2])
    return [
        from_bgr(np.ascontiguousarray(image[top : top + side, left : left + side]), i, i * PERIOD_NS)
        for i, image in enumerate(images)
    ]


def read_clip(path: Path, limit: int | None = None) -> list[Frame]:
    """Decode a clip's frames, all or the first `limit`, until their size changes.

    Empty if the file is not a video.
    """
    frames: list[Frame] = []
    try:
        with open_recording(path) as container:
            for picture in container.decode(video=0):
                if len(frames) == limit:
                    break
                size = (picture.width & ~1, picture.height & ~1)
                if frames and size != frames[0].size:
                    break
                packed = picture.reformat(*size, format="yuv420p").to_ndarray()
                frames.append(from_packed(packed, size, len(frames), len(frames) * PERIOD_NS))
    except UNREADABLE:
        return []
    return frames
