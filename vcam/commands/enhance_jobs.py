"""Which files `enhance` reads, what it calls the restored ones, and of what size they are."""

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from vcam.config import LARGEST
from vcam.errors import ConfigError, SinkError, SourceError
from vcam.frame import MIN_SIDE, Size, parse_size
from vcam.media.opening import open_recording
from vcam.media.streams import best_video
from vcam.sinks.disk import check_free
from vcam.sinks.file import VIDEO_ENDINGS, check_video_ending
from vcam.sinks.still import STILL_ENDINGS

READ_STILLS = {*STILL_ENDINGS, ".bmp", ".heic", ".heif", ".avif", ".tif", ".tiff"}
READ_VIDEOS = {
    *VIDEO_ENDINGS,
    *(".mov", ".avi", ".webm", ".m4v", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv", ".flv"),
    *(".3gp", ".ogv", ".264", ".265", ".y4m", ".gif"),
}
FITS = ("contain", "cover", "pad")


@dataclass(frozen=True)
class Job:
    """A file and its restored copy."""

    source: Path
    target: Path
    is_still: bool


def find_jobs(inputs: Sequence[Path], output: Path, *, lossless: bool, force: bool) -> list[Job]:
    """What is to be done, checked as far as that goes without reading a file.

    One file has an output file. Several, a folder or a pattern have a folder; they keep their names, and
    those in a folder their places in it.
    Raises SourceError if there is nothing to read, SinkError if an output cannot be, or is there already.
    """
    is_one = len(inputs) == 1 and not os.path.isdir(inputs[0]) and not _is_pattern(inputs[0])
    known = set(VIDEO_ENDINGS) | set(STILL_ENDINGS)
    if is_one and (output.suffix and not os.path.isdir(output)):
        is_still = output.suffix.lower() in STILL_ENDINGS and not lossless
        if not is_still:
            check_video_ending(output, lossless)
        jobs = [Job(inputs[0], output, is_still)]
    elif not is_one and output.suffix.lower() in known and not os.path.isdir(output):
        raise SinkError(f"{output} is one file, expected a folder for all of them: name one")
    else:
        jobs = list(_name(_find(inputs), output, lossless))
    for job in jobs:
        if os.path.exists(job.target) and os.path.exists(job.source) and job.target.samefile(job.source):
            raise SinkError(f"{job.target} is the input itself; name another file")
        check_free(job.target, force)
    return jobs


def fit_size(source: Size, size: str | None, scale: float | None, fit: str) -> Size:
    """The size to restore to, (width, height).

    size   WxH as it was asked for: the picture fits inside, or fills it where fit is "cover"
    scale  times the source's sides; with neither, twice them, at most 1920x1080 either way up

    Raises ConfigError if both are given, or the result is too large.
    """
    if size is not None and scale is not None:
        raise ConfigError("--scale and --size both say how large: leave one out")
    if scale is not None:
        return _scaled(source, scale)
    if size is None:
        return double(source)
    try:
        box = parse_size(size)
    except ValueError as error:
        raise ConfigError(f"--size: {error}") from None
    return box if fit == "cover" else inside(source, box)


def inside(size: Size, box: Size) -> Size:
    """The largest even (width, height) of the size's shape within a box."""
    factor = min(Fraction(box[0], size[0]), Fraction(box[1], size[1]))
    width, height = (max(MIN_SIDE, 2 * round(side * factor / 2)) for side in size)
    return min(width, box[0]), min(height, box[1])


def double(size: Size) -> Size:
    """Twice the size with its aspect ratio, even, at most 1920x1080 either way up."""
    long, short = max(size), min(size)
    scale = min(Fraction(2), Fraction(max(LARGEST), long), Fraction(min(LARGEST), short))
    width, height = (max(MIN_SIDE, int(side * scale) & ~1) for side in size)
    return width, height


def count_frames(jobs: Sequence[Job]) -> int | None:
    """How many pictures there are to restore, as the files say; None if one does not."""
    counts = [1 if job.is_still else _count(job.source) for job in jobs]
    return None if None in counts else sum(count or 0 for count in counts)


def _scaled(size: Size, scale: float) -> Size:
    if not scale > 0:
        raise ConfigError(f"--scale: {scale:g} is not above 0")
    width, height = (2 * round(side * scale / 2) for side in size)
    if min(width, height) < MIN_SIDE:
        raise ConfigError(
            f"--scale {scale:g} makes {width}x{height} of {size[0]}x{size[1]}; expected sides of {MIN_SIDE}"
            " or more: give a larger scale"
        )
    if max(width, height) > max(LARGEST) or min(width, height) > min(LARGEST):
        most = min(max(LARGEST) / max(size), min(LARGEST) / min(size))
        found = f"{size[0]}x{size[1]} would become {width}x{height}, expected at most 1920x1080"
        raise ConfigError(f"--scale: {found}; use at most --scale {int(most * 100) / 100:g}")
    return width, height


def _count(path: Path) -> int | None:
    try:
        with open_recording(path) as container:
            stream = best_video(container)
            return (stream.frames or None) if stream else 0
    except (av.FFmpegError, OSError):
        return 0  # said when it is its turn


def _is_pattern(path: Path) -> bool:
    return not os.path.lexists(path) and glob.has_magic(str(path))


def _find(inputs: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file, and its place below the output folder."""
    for path in inputs:
        before = 0
        if os.path.isdir(path):
            for file in sorted(path.rglob("*")):
                if file.suffix.lower() in READ_STILLS | READ_VIDEOS and file.is_file():
                    before += 1
                    yield file, file.relative_to(path)
        elif _is_pattern(path):
            for name in sorted(glob.glob(str(path), recursive=True)):
                if os.path.isfile(name):
                    before += 1
                    yield Path(name), Path(Path(name).name)
        else:
            before = 1
            yield path, Path(path.name)
        if not before:
            endings = " ".join(sorted(READ_STILLS | READ_VIDEOS))
            raise SourceError(f"no pictures or videos in {path}; expected files ending in {endings}")


def _name(found: Iterator[tuple[Path, Path]], folder: Path, lossless: bool) -> Iterator[Job]:
    """Jobs with targets of different names: a.mov beside a.mp4 becomes a.mov.mp4, one more a.mov 2.mp4."""
    taken: set[Path] = set()
    for source, place in found:
        is_still = source.suffix.lower() in READ_STILLS
        ending = ".png" if is_still else ".mkv" if lossless else ".mp4"
        target = next(name for name in _names(folder / place, ending) if name not in taken)
        taken.add(target)
        yield Job(source, target, is_still)


def _names(place: Path, ending: str) -> Iterator[Path]:
    """Names for what comes of a file, the plainest one first."""
    yield place.with_suffix(ending)
    yield place.with_name(f"{place.name}{ending}")
    yield from (place.with_name(f"{place.name} {number}{ending}") for number in itertools.count(2))
