"""Measure each step of a frame's way on this machine, one by one, as medians of interleaved rounds.

decode   a frame of the bundled clip, 640x480
link     360p: scale, encode and decode it
restore  that picture at the output's size, by the model that `auto` would take there
publish  pack a frame as a virtual camera takes it

--device measures the whole way instead, of the test pattern through camera and device to another program:
latency from capture to arrival, frames sent, read, lost and repeated, and how far colours are off.

--engines measures the network alone, on each engine that is installed; `provider = auto` then goes by that.

Prints a table, then one JSON object.

examples:
  sharpkd bench
  sharpkd bench --engines --size 1920x1080
  sharpkd bench --device --size 1920x1080 --seconds 60
  sharpkd set source pattern && sharpkd bench --device --read-only     a camera that runs already, as it is
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, cycle
from typing import TypeAlias

from vcam.camera.parts import make_link, make_restorer
from vcam.commands import bench_engines
from vcam.commands.options import add_model_options, read_config
from vcam.errors import ConfigError
from vcam.frame import Frame, Size, pack
from vcam.memory import keep_freed_memory
from vcam.restore import Restorer
from vcam.sinks import NullSink
from vcam.sources.sample import sample_source

SIZES: dict[str, Size] = {"720p": (1280, 720), "1080p": (1920, 1080)}
LINK = "360p"
CLIP_FRAMES = 60
RUNS_A_ROUND = 5
FRAME_NS = 33_333_333

Step: TypeAlias = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One step at one output size; steps before the restoration know none and say "any"."""

    step: str
    size: str
    median_ms: float
    p95_ms: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=10.0, metavar="T", help="to measure; default: 10")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    parser.add_argument("--engines", action="store_true", help="compare what the model can run on")
    device = parser.add_argument_group("the whole way through a virtual camera")
    device.add_argument(
        "--device", nargs="?", const="", metavar="NODE", help='default: the camera called "SharpKD Camera"'
    )
    device.add_argument(
        "--read-only", action="store_true", help="only read: another camera publishes the pattern"
    )
    device.add_argument("--size", metavar="WxH", help="of the output; default: as configured")
    device.add_argument("--fps", metavar="F", help="of the output; default: as configured")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    if not args.seconds > 0:
        raise ConfigError(f"--seconds: {args.seconds:g} is not above 0; for example: --seconds 10")
    if args.device is not None:
        from vcam.commands import bench_device  # for Linux alone

        return bench_device.run(args)
    if args.engines:
        return bench_engines.run(args)
    for option in ("read_only", "size", "fps"):
        if getattr(args, option):
            raise ConfigError(f"--{option.replace('_', '-')} is for --device; add that, or leave it out")
    keep_freed_memory()
    config = read_config(args)
    restorers = {name: make_restorer(replace(config, size=size)) for name, size in SIZES.items()}
    rows = measure(make_steps(restorers), args.seconds)
    if not args.json:
        print_table(rows)
    print(json.dumps(as_json(rows, restorers)))
    return 0


def make_steps(restorers: dict[str, Restorer]) -> dict[tuple[str, str], Step]:
    """Each step as a call without arguments, which does one frame."""
    clip = read_clip()
    link = make_link(LINK)
    assert link is not None
    frames = timed(clip)
    degraded = cycle([link(next(frames)) for _ in clip])
    source = sample_source(loop=True, realtime=False)
    decoded = iter(source.__enter__())
    steps: dict[tuple[str, str], Step] = {
        ("decode", "any"): lambda: next(decoded),
        (f"link {LINK}", "any"): lambda: link(next(frames)),
    }
    for name, restorer in restorers.items():
        shown = restorer(next(degraded))
        steps["restore", name] = partial(restore_next, restorer, degraded)
        steps["publish", name] = partial(publish, shown)
    return steps


def restore_next(restorer: Restorer, frames: Iterator[Frame]) -> Frame:
    return restorer(next(frames))


def publish(frame: Frame) -> None:
    """What a virtual camera's sink does before the kernel takes over."""
    pack(frame)
    NullSink().send(frame)


def read_clip() -> list[Frame]:
    with sample_source(loop=False, realtime=False) as source:
        return [frame for _, frame in zip(range(CLIP_FRAMES), source, strict=False)]


def timed(clip: list[Frame]) -> Iterator[Frame]:
    """The clip over and over, its time going on as a camera's does."""
    for number, frame in zip(count(), cycle(clip), strict=False):
        yield replace(frame, index=number, captured_ns=number * FRAME_NS)


def measure(steps: dict[tuple[str, str], Step], seconds: float) -> list[Row]:
    """Run all steps in turn until the time is over, at least one round; the first run of each is left out."""
    times: dict[tuple[str, str], list[float]] = {key: [] for key in steps}
    for step in steps.values():
        step()
    deadline_s = time.monotonic() + seconds
    while True:
        for key, step in steps.items():
            times[key] += [time_ms(step) for _ in range(RUNS_A_ROUND)]
        if time.monotonic() >= deadline_s:
            break
    return [Row(*key, statistics.median(ms), statistics.quantiles(ms, n=20)[-1]) for key, ms in times.items()]


def time_ms(step: Step) -> float:
    start_ns = time.perf_counter_ns()
    step()
    return (time.perf_counter_ns() - start_ns) / 1e6


def print_table(rows: list[Row]) -> None:
    print(f"{'step':12} {'output':>7} {'median':>9} {'p95':>9}")
    for row in rows:
        print(f"{row.step:12} {row.size:>7} {row.median_ms:6.2f} ms {row.p95_ms:6.2f} ms")


def as_json(rows: list[Row], restorers: dict[str, Restorer]) -> dict[str, object]:
    """The rows and what they were measured on."""
    models = {name: restorer.model for name, restorer in restorers.items()}
    return {
        "median_ms": {f"{row.step} {row.size}": round(row.median_ms, 3) for row in rows},
        "p95_ms": {f"{row.step} {row.size}": round(row.p95_ms, 3) for row in rows},
        "models": {name: f"{model.spec.name} ({model.precision})" for name, model in models.items()},
        "provider": next(iter(models.values())).provider,
        "threads": next(iter(models.values())).threads,
    }
