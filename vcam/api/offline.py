"""Recordings and picture files restored into files: every frame, in order, none left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TypeAlias

from vcam.errors import SinkError, SourceError
from vcam.frame import Frame, Size, pad_to
from vcam.media.beside import Beside, read_beside
from vcam.pipeline.protocols import Stage
from vcam.restore import Restorer
from vcam.sinks import FileSink, write_still
from vcam.sinks.disk import check_not_input
from vcam.sinks.still import ALPHA_ENDINGS
from vcam.sources.file import FileSource

SECOND_NS = 1_000_000_000
SHORTEST_S = Fraction(1, 1000)  # between two frames of a recording whose time stamps do not rise

Progress: TypeAlias = Callable[[int, int | None], None]  # frames so far, frames in all if that is known
Pairs: TypeAlias = Iterator[tuple[Frame, Frame]]  # before and after


def restore(
    frames: Iterable[Frame], stages: Sequence[Stage], size: Size, step: Callable[[], None] = lambda: None
) -> Pairs:
    """Each frame with what the stages make of it, padded to a size; `step` is called after each."""
    for frame in frames:
        restored = frame
        for stage in stages:
            restored = stage(restored)
        step()
        yield frame, pad_to(restored, size)


def write_picture(source: FileSource, pairs: Pairs, path: Path) -> None:
    """Write the one frame of a source into a picture file. Raises SourceError if it is a video."""
    first, *more = [restored for _, (_, restored) in zip(range(2), pairs, strict=False)]
    if more:
        raise SourceError(f"{source.path} is a video and {path} a picture; use an ending .mp4 or .mkv")
    write_still(path, first, source.alpha, _kept_of(source))


def _kept_of(source: FileSource) -> Beside:
    """What a picture file has beside its pixels; a profile is for the colours that it came with alone."""
    beside = read_beside(source.path)
    return replace(beside, profile=b"") if source.has_other_colours else beside


def write_video(source: FileSource, pairs: Pairs, path: Path, size: Size, lossless: bool = False) -> None:
    """Write all frames of a source into a video file, at their own times, with the sound."""
    sound, begin_s, last = source.sound, Fraction(0), None
    with FileSink(path, size, float(source.fps), lossless, beside=sound, tags=source.tags) as sink:
        for frame, restored in pairs:
            moment_s = Fraction(frame.captured_ns, SECOND_NS)
            if last is None:
                begin_s = sound.begin(moment_s) if sound else moment_s
                last = restored, Fraction(0)
                continue
            shown_s = max(moment_s - begin_s, last[1] + SHORTEST_S)
            sink.send(*last, duration_s=shown_s - last[1])
            last = restored, shown_s
        if last is not None:
            end_s = Fraction(source.end_ns, SECOND_NS) - begin_s
            sink.send(*last, duration_s=max(end_s - last[1], SHORTEST_S))


def describe_damage(source: FileSource) -> list[str]:
    """What could not be carried over, a sentence each."""
    words = []
    if source.damaged:
        are = "packet of the picture is" if source.damaged == 1 else "packets of the picture are"
        words.append(f"{source.damaged} {are} damaged and left out")
    if source.concealed:
        are = "picture is" if source.concealed == 1 else "pictures are"
        words.append(
            f"at least {source.concealed} {are} damaged in parts, which are guessed from what is around them"
        )
    if source.is_cut_short:
        words.append("the rest of the file cannot be read and is left out")
    if source.is_laid_on_white:
        words.append("transparent parts are laid on white")
    words += source.left_out
    return words + (source.sound.words if source.sound else [])


def restore_video(
    source: Path,
    target: Path,
    make: Callable[[Size], Restorer],
    lossless: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """Restore a recording into a file; returns what could not be carried over, a sentence each.

    make  the stage for frames of a size
    """
    with FileSource(source, realtime=False, with_sound=True) as recording:
        restorer, numbers = make(recording.size), count(1)

        def step() -> None:
            if progress is not None:
                progress(next(numbers), recording.frame_count)

        pairs = restore(recording, [restorer], restorer.size, step)
        write_video(recording, pairs, target, restorer.size, lossless)
        return describe_damage(recording)


def restore_picture(source: Path, target: Path, make: Callable[[Size], Restorer]) -> list[str]:
    """Restore a picture file into another; returns what could not be carried over, a sentence each."""
    keeps_alpha = target.suffix.lower() in ALPHA_ENDINGS
    with FileSource(source, realtime=False, with_alpha=keeps_alpha) as picture:
        restorer = make(picture.size)
        write_picture(picture, restore(picture, [restorer], restorer.size), target)
        return describe_damage(picture)


def check_target(source: Path, target: Path, overwrite: bool) -> None:
    """Raise SinkError if a file may not be written: it is the input, or is there already."""
    check_not_input(source, target)
    if target.exists() and not overwrite:
        raise SinkError(f"{target} is there already; name another file, or pass overwrite=True")
