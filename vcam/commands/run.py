"""Run the camera here until Ctrl-C, the end of the source, or --frames or --seconds.

Without options: the first webcam, to the virtual camera. Where there is no webcam, the bundled clip is shown
through a simulated 270p link, before and after restoration; where there is no virtual camera, on a page of
this machine.

examples:
  sharpkd run
  sharpkd run --source call.mp4 --sink sharp.mkv --lossless
  sharpkd run --source sample --link 360p --sink null --size 1920x1080 --seconds 60 --json
"""

import argparse
import json
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.existence import check_existence, find_surroundings
from vcam.camera.last_device import LastDevice
from vcam.camera.parts import (
    OFF,
    check_recording,
    make_chain,
    make_device_choice,
    make_presence,
    make_source_of,
    make_watchers,
)
from vcam.commands.invitation import print_invitation
from vcam.commands.options import add_camera_options, read_config
from vcam.config import Config
from vcam.control.status import Status
from vcam.daemon.signals import Flags, catch_signals
from vcam.errors import ConfigError
from vcam.live_opinions import LiveOpinions
from vcam.memory import keep_freed_memory
from vcam.paths import user_paths
from vcam.sinks import FileSink, NullSink, make_sink
from vcam.sinks.file import VIDEO_ENDINGS
from vcam.sources import Receivers, Shares, list_devices, usable_devices
from vcam.summary import Usage, read_usage, summarise

DEMO_SOURCE, DEMO_LINK = "sample", "270p"
LOOK_S = 0.05
LINE_S = 0.5
CLEAR = "\r\x1b[K"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--frames", type=int, metavar="N", help="end after N frames")
    parser.add_argument("--seconds", type=float, metavar="T", help="end T seconds after the first picture")
    parser.add_argument(
        "--no-restore", action="store_true", help="only bring the picture to the output's size"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the sink's file")
    parser.add_argument("--lossless", action="store_true", help="write FFV1; the sink is a .mkv file")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the link's losses; default: 0")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    add_camera_options(parser)


def run(args: argparse.Namespace) -> int:
    _check_limits(args)
    keep_freed_memory()
    config = with_demo(read_config(args), is_link_given=args.link is not None)
    is_looped = args.source is None
    if Path(config.sink).suffix.lower() in VIDEO_ENDINGS:
        check_recording(config, Path(config.sink), args.force)
    chain = make_chain(config, args.seed, has_restore=not args.no_restore)
    sink = make_sink(
        config.sink, size=config.size, fps=config.fps, lossless=args.lossless, overwrite=args.force
    )
    presence = make_presence(config, sink)
    last = LastDevice(user_paths().last_camera)
    terms = CameraOptions(
        is_patient=False,
        limit=args.frames,
        seed=args.seed,
        presence=presence,
        watchers=make_watchers(config, sink).names,
        check=partial(check_existence, around=find_surroundings(last, config)),
        opinions=LiveOpinions(user_paths().opinions),
    )
    receivers = Receivers(user_paths().phone, print_invitation)
    with catch_signals() as flags, closing(sink), receivers, Shares() as shares:
        source_of = partial(
            make_source_of,
            loop=is_looped,
            cameras=make_device_choice(config, last),
            used=last.note,
            receivers=receivers,
            shares=shares,
        )
        camera = Camera(config, chain, sink, source_of, terms)
        with preview_of(camera, sink), StatusLine(is_shown=sys.stdout.isatty() and not args.json) as line:
            try:
                start, end = watch(camera, flags, args.seconds, line)
            finally:
                if isinstance(sink, FileSink) and not camera.status().fresh:
                    sink.abort()  # there was nothing but the card
    _print_summary(summarise(camera.status(), start, end), args.json)
    return flags.code


def with_demo(config: Config, is_link_given: bool) -> Config:
    """Where no camera is found, show the bundled clip through a poor link: there is something to restore."""
    if config.source != "auto" or has_camera():
        return config
    link = config.link if is_link_given or config.link != OFF else DEMO_LINK
    print(f"no camera found: showing the bundled clip, link {link}; name one with --source", flush=True)
    return replace(config, source=DEMO_SOURCE, link=link)


def has_camera() -> bool:
    """Whether `auto` finds a camera."""
    return bool(usable_devices(list_devices()))


def preview_of(camera: Camera, sink: object) -> AbstractContextManager[None]:
    """What serves the page, where the sink is the preview."""
    if not (isinstance(sink, NullSink) and sink.name == "preview"):
        return nullcontext()
    from vcam.commands.preview import show_preview  # loads a web server, which other sinks do without

    return show_preview(camera)


class StatusLine:
    """The one line of a terminal that tells how the camera is doing, rewritten twice a second."""

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._due_s = 0.0

    def __enter__(self) -> "StatusLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown and self._due_s:
            print(CLEAR, end="", flush=True)

    def update(self, camera: Camera, now_s: float) -> None:
        if self._is_shown and now_s >= self._due_s:
            self._due_s = now_s + LINE_S
            print(CLEAR + describe(camera.status()), end="", flush=True)


def describe(status: Status) -> str:
    """The status in one short line."""
    stages = "".join(f" · {name} {ms.p50:.1f} ms" for name, ms in status.stage_ms.items())
    kbps = "" if status.kbps is None else f" · {status.kbps:.0f} kbps"
    drops = sum(status.drops.values())
    age = f"age {status.age_ms.p50:.0f} ms"
    return f"{status.state} · {status.fps:.1f} fps · {age}{stages}{kbps} · drops {drops}"


def watch(camera: Camera, flags: Flags, seconds: float | None, line: StatusLine) -> tuple[Usage, Usage]:
    """Run the camera to its end; returns the usage at its first picture and then. Raises what ended it."""
    first: Usage | None = None
    start = read_usage(0)
    camera.start()
    try:
        while not (camera.wait(LOOK_S) or flags.stop.is_set() or camera.is_stopping.is_set()):
            now_s = time.monotonic()
            if first is None and camera.latest() is not None:
                first = read_usage(camera.status().sent)
            if seconds is not None and now_s >= (first or start).wall_s + seconds:
                break
            line.update(camera, now_s)
        return first or start, read_usage(camera.status().sent)
    finally:
        camera.stop()


def _check_limits(args: argparse.Namespace) -> None:
    for name in ("frames", "seconds"):
        value = getattr(args, name)
        if value is not None and not value > 0:
            raise ConfigError(f"--{name}: {value} is not above 0; leave it out for no limit")


def _print_summary(summary: dict[str, object], is_json: bool) -> None:
    if is_json:
        print(json.dumps(summary), flush=True)
        return
    for name, value in summary.items():
        print(f"{name:10} {json.dumps(value) if isinstance(value, dict) else value}")
