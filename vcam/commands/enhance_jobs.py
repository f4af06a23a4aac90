"""Which files `enhance` reads, and what it calls the restored ones."""

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from vcam.errors import SinkError, SourceError
from vcam.media.endings import READ_STILLS, READ_VIDEOS
from vcam.media.odd import is_animated
from vcam.media.opening import open_recording
from vcam.media.streams import best_video
from vcam.sinks.disk import check_free, check_not_input
from vcam.sinks.file import VIDEO_ENDINGS, check_video_ending
from vcam.sinks.still import STILL_ENDINGS


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
        if output.suffix.lower() not in known:
            endings = f"{' '.join(STILL_ENDINGS)} for a picture, {' '.join(VIDEO_ENDINGS)} for a video"
            raise SinkError(f"cannot write {output}: ending {output.suffix!r}; use {endings}")
        makes_still = output.suffix.lower() in STILL_ENDINGS and not lossless
        if not makes_still:
            check_video_ending(output, lossless)
        jobs = [Job(inputs[0], output, makes_still)]
    else:
        found = list(_find(inputs))
        if os.path.exists(output) and not os.path.isdir(output):
            kind = "one file" if os.path.isfile(output) else "a pipe or a device"
            raise SinkError(f"{output} is {kind}, expected a folder for what is restored: name one")
        if not is_one and output.suffix.lower() in known and not os.path.isdir(output):
            raise SinkError(f"{output} is one file, expected a folder for all of them: name one")
        jobs = list(_name(found, output, lossless))
    for job in jobs:
        check_not_input(job.source, job.target)
        check_free(job.target, force)
    return jobs


def count_frames(jobs: Sequence[Job]) -> int | None:
    """How many pictures there are to restore, as the files say; None if one does not."""
    counts = [1 if job.is_still else _count(job.source) for job in jobs]
    return None if None in counts else sum(count or 0 for count in counts)


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
                if is_readable(file) and file.is_file():
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


def _name(found: Iterable[tuple[Path, Path]], folder: Path, lossless: bool) -> Iterator[Job]:
    """Jobs with targets of different names: a.mov beside a.mp4 becomes a.mov.mp4, one more a.mov 2.mp4."""
    taken: set[Path] = set()
    for source, place in found:
        target = next(
            name for name in names_of(folder / place, lossless, is_still(source)) if name not in taken
        )
        taken.add(target)
        yield Job(source, target, is_still(source))


def is_still(path: Path) -> bool:
    """Whether a file's ending is that of a picture, and it is not an animated one."""
    return path.suffix.lower() in READ_STILLS and not is_animated(path)


def is_readable(path: Path) -> bool:
    """Whether a file's ending is that of a picture or a recording."""
    return path.suffix.lower() in READ_STILLS | READ_VIDEOS


def names_of(place: Path, lossless: bool, makes_still: bool) -> Iterator[Path]:
    """Names for what comes of a file, the plainest one first."""
    ending = ".png" if makes_still else ".mkv" if lossless else ".mp4"
    yield place.with_suffix(ending)
    yield place.with_name(f"{place.name}{ending}")
    yield from (place.with_name(f"{place.name} {number}{ending}") for number in itertools.count(2))
