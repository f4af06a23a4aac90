"""Sharp stills and clips: find them in folders, split, decode, cut short square clips."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from distill.damage.degradation import FPS
from distill.data.excerpts import UNREADABLE, Clip, Excerpt, hold_back, path_of, whole
from vcam.conversion.opencv import Bgr, from_bgr, to_bgr
from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.media.endings import READ_STILLS, READ_VIDEOS
from vcam.media.reading import Recording
from vcam.media.reading import moment_s as moment_s_of

STILLS = READ_STILLS
CLIPS = READ_VIDEOS - {".gif"}  # 256 colours teach nothing
T = TypeVar("T")
SECOND_NS = 1_000_000_000
PERIOD_NS = SECOND_NS // FPS
NO_TIME = -1


@dataclass(frozen=True)
class Media:
    """The files of a training set."""

    stills: tuple[Path, ...]
    clips: tuple[Clip, ...]


def stamp(part: object) -> list[list[str | int]]:
    """Path, bytes and time of change (ns) of each file that a part draws from; empty where it has no media.

    A file that was replaced under its name is another one.
    """
    media = getattr(part, "media", None)
    if not isinstance(media, Media):
        return []
    files = {clip.path if isinstance(clip, Excerpt) else clip for clip in (*media.stills, *media.clips)}
    found = [(str(path), path.stat()) for path in sorted(files) if path.exists()]
    return [[path, facts.st_size, facts.st_mtime_ns] for path, facts in found]  # as JSON gives it back


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

    def matches(file: Clip) -> bool:
        return any(fnmatchcase(file.name, each) for each in patterns)

    return Media(tuple(filter(matches, media.stills)), tuple(filter(matches, media.clips)))


def split(media: Media, every: int) -> tuple[Media, Media]:
    """Split the media into training and validation: every Nth file of each kind is held out.

    Of fewer clips the end of each is held out, of fewer stills the last fifth, at least one. What is too
    short or alone is trained on, so that the second part may be empty.
    """
    clips, held_clips = _split_clips(media.clips, every)
    held_stills = media.stills[every // 2 :: every] or last_fifth(media.stills)
    stills = tuple(path for path in media.stills if path not in held_stills)
    return Media(stills, clips), Media(held_stills, held_clips)


def _split_clips(clips: tuple[Clip, ...], every: int) -> tuple[tuple[Clip, ...], tuple[Clip, ...]]:
    if held := clips[every // 2 :: every]:
        return tuple(clip for clip in clips if clip not in held), held
    parts = [_hold_back(clip) for clip in clips]
    return tuple(first for first, _ in parts), tuple(end for _, end in parts if end)


def _hold_back(clip: Clip) -> tuple[Clip, Clip | None]:
    """A clip's first part and its end; the clip itself if it is too short for both, or not readable."""
    excerpt = clip if isinstance(clip, Excerpt) else whole(clip)
    return (excerpt and hold_back(excerpt)) or (clip, None)


def last_fifth(files: tuple[T, ...]) -> tuple[T, ...]:
    """The last fifth, at least one; none of a single file, which is trained on."""
    return files[len(files) - max(1, len(files) // 5) :] if len(files) > 1 else ()


def read_still(path: Path) -> Bgr | None:
    """A still as it is to be seen, (H, W, 3) BGR; None if it is none, or no Frame has its sides."""
    with contextlib.suppress(*UNREADABLE), Recording(path) as recording:
        return next((to_bgr(frame) for frame in _frames(recording)), None)
    return None


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


def cut_clip(clip: Clip, side: int, count: int, rng: np.random.Generator) -> list[Frame]:
    """Decode a window of `count` frames at a random place and time, as square frames of `side`.

    Large pictures are scaled down at random, which also reduces the source's compression artefacts.
    Returns fewer frames if the clip ends or is damaged, none if the file is not a video.
    """
    images: list[Bgr] = []
    # one bad file must not abort hours of packing
    with contextlib.suppress(*UNREADABLE), Recording(path_of(clip)) as recording:
        for frame in _play(recording, clip, count, rng):
            images.append(to_bgr(frame))
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


def _play(recording: Recording, clip: Clip, count: int, rng: np.random.Generator) -> Iterator[Frame]:
    """Frames of a clip from a random time on: a file's from a keyframe, an excerpt's from any frame."""
    if isinstance(clip, Excerpt):
        yield from _play_excerpt(recording, clip, count, rng)
        return
    length_s = float(recording.end_s) - _zero_s(recording)
    if recording.has_times and length_s > 0:
        recording.seek(_zero_s(recording) + float(rng.uniform(0, 0.8)) * length_s)
    yield from _frames(recording)


def _play_excerpt(
    recording: Recording, clip: Excerpt, count: int, rng: np.random.Generator
) -> Iterator[Frame]:
    """Frames of an excerpt from a random time on that leaves room for `count`, and none outside of it."""
    half_s, zero_ns = 0.5 / clip.rate, round(_zero_s(recording) * SECOND_NS)
    start_s = rng.uniform(clip.begin_s, max(clip.begin_s, clip.end_s - count / clip.rate))
    if recording.has_times:
        recording.seek(_zero_s(recording) + start_s)
    for number, frame in enumerate(_frames(recording)):
        moment_s = number / clip.rate if frame.captured_ns < 0 else (frame.captured_ns - zero_ns) / SECOND_NS
        if moment_s >= clip.end_s - half_s:
            return
        if moment_s >= start_s - half_s:
            yield frame


def _zero_s(recording: Recording) -> float:
    """The file's own time at its begin."""
    stream = recording.stream
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _frames(recording: Recording) -> Iterator[Frame]:
    """A recording's frames as they are to be seen, until their size changes or one is damaged.

    Damage before the first one, as in a stream that was cut, is passed over. `captured_ns` is the file's own
    time, NO_TIME where it has none.
    """
    converter = Converter()
    first: tuple[int, int, int] | None = None
    for number, picture in enumerate(recording.pictures()):
        state = recording.damaged, picture.width, picture.height
        first = first or state
        if state != first:
            return
        moment_s = moment_s_of(picture)
        moment_ns = NO_TIME if moment_s is None else round(moment_s * SECOND_NS)
        yield to_frame(picture, number, moment_ns, converter=converter, geometry=recording.geometry)


def read_clip(path: Path, limit: int | None = None) -> list[Frame]:
    """Decode a clip's frames, all or the first `limit`, until their size changes or one is damaged.

    Empty if the file is not a video.
    """
    frames: list[Frame] = []
    with contextlib.suppress(*UNREADABLE), Recording(path) as recording:
        for number, frame in enumerate(islice(_frames(recording), limit)):
            frames.append(replace(frame, captured_ns=number * PERIOD_NS))
    return frames
