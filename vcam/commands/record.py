"""Record a camera as it is, nearly lossless, to train a student on your own face. Ctrl-C ends it.

The picture is neither restored nor scaled. Sit in good light, move and talk as in a call; a minute is plenty,
several in other clothes and rooms are better.

examples:
  sharpkd record me.mp4 --seconds 60
  sharpkd record me.mkv --source /dev/video2 --size 1920x1080
  make distill DATA=folder-of-recordings
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tqdm import tqdm

from vcam.camera.parts import check_recording, make_source_of
from vcam.commands.options import named_path, read_config
from vcam.config import Config, replace_setting
from vcam.daemon.signals import Flags, catch_signals
from vcam.errors import ConfigError, SourceError
from vcam.frame import Frame
from vcam.memory import keep_freed_memory
from vcam.pipeline import Source
from vcam.sinks import RecordingSink
from vcam.sinks.file import check_video_ending
from vcam.sources.opening import USE_SAMPLE

PATTERN = "pattern"  # recorded if asked for by name: nobody takes it for a face
BUNDLED = ("sample", "sample-still", PATTERN)
CRF = 12  # less than a webcam's own MJPG loses
SECOND_NS = 1_000_000_000
SHORTEST_S = Fraction(1, 1000)  # between two frames of a camera whose clock does not rise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("output", type=named_path, metavar="OUT", help="a file ending in .mp4 or .mkv")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds; default: at Ctrl-C")
    parser.add_argument(
        "--source", metavar="S", help="camera, file or URL; default: the configured camera, or auto"
    )
    parser.add_argument("--size", metavar="WxH", help="asked of the camera; default: 1280x720")
    parser.add_argument("--fps", metavar="F", help="asked of the camera, 1..60; default: 30")
    parser.add_argument("--force", action="store_true", help="overwrite OUT")


def run(args: argparse.Namespace) -> int:
    if args.seconds is not None and not args.seconds > 0:
        raise ConfigError(f"--seconds: {args.seconds} is not above 0; leave it out to end with Ctrl-C")
    check_video_ending(args.output)
    config = of_a_camera(read_config(args), args.source)
    overwrites = args.force or may_overwrite(args.output)
    check_recording(config, args.output, overwrites)
    keep_freed_memory()
    with catch_signals() as flags, recordable(make_source_of(config, loop=False)) as source:
        done = record(source, args.output, config.fps, args.seconds, flags, overwrites=overwrites)
    print(f"{done.path}: {done.count} frames, {done.seconds:.1f} s")
    return flags.code


def of_a_camera(config: Config, asked: str | None) -> Config:
    """The configuration, with the camera in place of a bundled clip or pattern that the daemon shows.

    asked   the command line's source; None if there is none

    Raises ConfigError if it asks for the clip.
    """
    if config.source not in BUNDLED:
        return config
    if asked is None:
        return replace_setting(config, "source", "auto")
    if asked != PATTERN:
        raise ConfigError(f"--source {asked} is the bundled clip, no camera; name a camera, or leave it out")
    return config


@contextmanager
def recordable(source: Source) -> Iterator[Source]:
    """Open a source. Raises SourceError, with a remedy that a recording takes: the bundled clip is none."""
    with ExitStack() as stack:
        try:
            stack.enter_context(source)
        except SourceError as error:
            raise SourceError(str(error).replace(USE_SAMPLE, "name one with --source")) from error
        yield source


def may_overwrite(path: Path) -> bool:
    """Ask whether a file of this name may be overwritten, where somebody can answer."""
    if not os.path.exists(path) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{path} is there already; overwrite it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@dataclass(frozen=True)
class Recorded:
    """The file, how many frames are in it, and when the last one is shown, in seconds."""

    path: Path
    count: int
    seconds: float


def record(
    source: Source, path: Path, fps: float, limit_s: float | None, flags: Flags, *, overwrites: bool = False
) -> Recorded:
    """Write a source's frames at their own times.

    Whatever ends it, a signal, a cable, a changed size, a full disk, what came before is kept.
    Raises what ended it; a SinkError says where what came before is.
    """
    sink: RecordingSink | None = None
    shown_s = Fraction(0)
    try:
        for frame, shown_s in _until(source, limit_s, flags):
            if sink is None:
                sink = RecordingSink(path, frame.size, fps, crf=CRF, overwrite=overwrites).open()
            sink.send(frame, shown_s)
    finally:
        if sink is not None:
            sink.close()
    return Recorded(sink.path if sink else path, sink.count if sink else 0, float(shown_s))


def _until(source: Source, limit_s: float | None, flags: Flags) -> Iterator[tuple[Frame, Fraction]]:
    """Frames and when each is shown, in seconds from the first, until the limit, a signal or another size."""
    first: Frame | None = None
    shown_s = -SHORTEST_S
    with tqdm(source, "recording", unit="frame", file=sys.stderr, disable=None) as frames:
        for frame in frames:
            first = first or frame
            moment_s = Fraction(frame.captured_ns - first.captured_ns, SECOND_NS)
            is_over = limit_s is not None and moment_s >= limit_s
            if is_over or flags.stop.is_set() or frame.size != first.size:
                return
            shown_s = max(moment_s, shown_s + SHORTEST_S)
            yield frame, shown_s
