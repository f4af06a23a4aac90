"""Restore a video or picture file: every frame, in order, none left out.

Video is written as .mp4 or .mkv with the sound of the input, pictures as .png, .jpg or .webp. The output
appears under its name when it is whole.

examples:
  sharpkd enhance call.mp4 sharp.mp4 --size 1920x1080
  sharpkd enhance face.jpg sharp.png --strength 0.7
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from tqdm import tqdm

from vcam.camera.parts import Chain, load_model, make_link
from vcam.commands.options import add_model_options, read_config
from vcam.config import LARGEST, Config
from vcam.errors import SinkError
from vcam.frame import Frame, Size
from vcam.media.sound import Sound
from vcam.memory import keep_freed_memory
from vcam.restore import Restorer
from vcam.sinks import FileSink, write_still
from vcam.sinks.disk import check_free
from vcam.sinks.file import check_video_ending
from vcam.sinks.still import STILL_ENDINGS
from vcam.sources.file import FileSource

SECOND_NS = 1_000_000_000
SHORTEST_S = Fraction(1, 1000)  # between two frames of a recording whose time stamps do not rise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="IN")
    parser.add_argument("output", type=Path, metavar="OUT")
    parser.add_argument("--size", metavar="WxH", help="default: twice the input's, at most 1920x1080")
    parser.add_argument("--force", action="store_true", help="overwrite OUT")
    parser.add_argument("--lossless", action="store_true", help="write FFV1; OUT is a .mkv file")
    parser.add_argument("--link", metavar="L", help="send the input over a simulated link first")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    is_still = args.output.suffix.lower() in STILL_ENDINGS and not args.lossless
    if not is_still:
        check_video_ending(args.output, args.lossless)
    if os.path.exists(args.output) and os.path.exists(args.input) and args.output.samefile(args.input):
        raise SinkError(f"{args.output} is the input itself; name another file")
    check_free(args.output, args.force)
    with FileSource(args.input, realtime=False, with_sound=not is_still) as source:
        config = read_config(args)
        if args.size is None:
            config = replace(config, size=double(source.size))
        chain = make_offline_chain(config, args.link)
        if is_still:
            enhance_still(source, chain, args.output)
        else:
            enhance_video(source, chain, args.output, config.size, args.lossless)
    return 0


def make_offline_chain(config: Config, link: str | None) -> Chain:
    """The stages for a file: there is time for the best model."""
    restorer = Restorer(
        load_model(config, math.inf), config.size, config.strength, config.crispness, config.denoise
    )
    return Chain(make_link(link or "off"), restorer)


def double(size: Size) -> Size:
    """Twice the size with its aspect ratio, even, at most 1920x1080 either way up."""
    long, short = max(size), min(size)
    scale = min(Fraction(2), Fraction(max(LARGEST), long), Fraction(min(LARGEST), short))
    width, height = (int(side * scale) & ~1 for side in size)
    return width, height


def restore(frames: Iterator[Frame], chain: Chain) -> Iterator[tuple[Frame, Frame]]:
    """Each frame with what the stages make of it."""
    stages = [stage for _, stage in chain.stages()]
    for frame in frames:
        restored = frame
        for stage in stages:
            restored = stage(restored)
        yield frame, restored


def enhance_still(source: FileSource, chain: Chain, path: Path) -> None:
    """Restore the one frame of a source into a picture file. Raises SinkError if it is a video."""
    first, *more = [restored for _, (_, restored) in zip(range(2), restore(source, chain), strict=False)]
    if more:
        raise SinkError(f"{source.path} is a video and {path} a picture; use an ending .mp4 or .mkv")
    write_still(path, first)


def enhance_video(source: FileSource, chain: Chain, path: Path, size: Size, lossless: bool) -> None:
    """Restore all frames of a source into a video file, at their own times, with the sound."""
    sound, begin_s, last = source.sound, Fraction(0), None
    pairs = restore(source, chain)
    with (
        FileSink(path, size, float(source.fps), lossless, beside=sound, tags=source.tags) as sink,
        tqdm(pairs, total=source.frame_count, unit="frame", file=sys.stderr, disable=None) as frames,
    ):
        for frame, restored in frames:
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
    for word in describe_damage(source, sound):
        print(f"{source.path}: {word}", file=sys.stderr)


def describe_damage(source: FileSource, sound: Sound | None) -> list[str]:
    """What could not be carried over, a sentence each."""
    are = "packet of the picture is" if source.damaged == 1 else "packets of the picture are"
    words = [f"{source.damaged} {are} damaged and left out"] if source.damaged else []
    return words + (sound.words if sound else [])
