"""What does one frame cost on its way, step by step, and how near is each step to what the machine can do?

Ceiling: a 1080p frame is 3.1 MB in I420. Reading and writing each step's pictures once moves 15 MB: 1 ms at
15 GB/s. A student of 576 multiply-accumulates a pixel needs 1.2 G of them: 6 ms on two cores of AVX2 at
3 GHz, a quarter of that with VNNI. A codec has no floor that says anything: its pictures' bytes are counted.
At 30 fps one core has 33 ms for all of it; at 60 fps there are 17 ms from frame to frame.

    python -m bench.chain [--size 1920x1080 1280x720] [--link 360p] [--model auto] [--seconds 20]

The steps take turns, so that a busy moment falls on all. `ms` is the median of single calls; `CPU-ms` is what
all threads of the process did for one call, medians over blocks of calls. Indented steps are parts of the one
above; "restore" gets the clip's frames and may skip what stood still, "network" does all of the picture. The
sum is what `sharpkd run --link 360p --sink null` does for a frame; a virtual camera adds "packed".
"""

import argparse
import json
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle

import av
import cv2
import numpy as np
import onnxruntime

from bench.floors import Machine, find_machine
from bench.steps import Row, Step, as_json, make_rows, measure, print_rows
from vcam.camera.parts import load_model
from vcam.commands.bench import read_clip, timed
from vcam.config import Config
from vcam.frame import Frame, Size, crop_to_aspect, pack, parse_size, resize
from vcam.link import Link, fit_size, parse_profile
from vcam.link.codec import Codec
from vcam.memory import keep_freed_memory
from vcam.restore import Engine, Model, Restorer, add_residual, from_cells, thread_count, to_cells
from vcam.restore.fusion import Fusion
from vcam.sinks import make_sink
from vcam.sources import sample_source

FPS = 30


def frame_bytes(size: Size) -> float:
    """Bytes of an I420 frame."""
    return size[0] * size[1] * 1.5


def source_steps(stack: ExitStack) -> list[Step]:
    source = stack.enter_context(sample_source(loop=True, realtime=False))
    return [Step("decode the clip", lambda: next(source), frame_bytes(source.size))]


def link_steps(stack: ExitStack, clip: Sequence[Frame], text: str) -> list[Step]:
    """The link, and its parts on a codec of their own."""
    profile = parse_profile(text)
    link = stack.enter_context(Link(profile, np.random.default_rng(0)))
    size = fit_size(clip[0].size, (profile.width, profile.height))
    codec = Codec(profile, size, profile.kbps)
    stack.callback(codec.close)
    large, small = frame_bytes(clip[0].size), frame_bytes(size)
    sent, scaled = timed(list(clip)), cycle(clip)
    coded = cycle([resize(frame, size) for frame in clip])
    packets: deque[list[av.Packet]] = deque()
    return [
        Step("link", lambda: link(next(sent)), large + small),
        Step("scale down", lambda: resize(next(scaled), size), large + small, is_part=True),
        Step("encode", lambda: packets.append(codec.encode(next(coded))), small, is_part=True),
        Step("decode", lambda: codec.decode(packets.popleft()), small, is_part=True),
    ]


def restore_steps(model: Model, seen: Sequence[Frame], size: Size) -> list[Step]:
    """The restoration of frames as they come, and its parts."""
    stage, cell = Restorer(model, size), model.spec.cell
    frames, bases = cycle(seen), cycle(seen)
    fusion, fused = Fusion(), cycle([resize(crop_to_aspect(frame, size), size) for frame in seen[:8]])
    base = resize(crop_to_aspect(seen[0], size), size)
    cells = model.cells_of(base.y)
    residual = model.residual(cells)
    small, large, luma = frame_bytes(seen[0].size), frame_bytes(size), size[0] * size[1]
    macs = model.spec.macs_per_pixel * luma

    return [
        Step("restore", lambda: stage(next(frames)), small + large, macs),
        Step(
            "scale up", lambda: resize(crop_to_aspect(next(bases), size), size), small + large, is_part=True
        ),
        Step("cells", lambda: to_cells(base.y, cell), 2 * luma, is_part=True),
        Step("fuse", lambda: fusion(next(fused)), small + large, is_part=True),
        Step("network", lambda: model.residual(cells), 2 * luma, macs, is_part=True),
        Step(
            "residual back",
            lambda: add_residual(base.y, from_cells(residual, cell, size), 1),
            3 * luma,
            is_part=True,
        ),
    ]


def publish_steps(stack: ExitStack, frame: Frame) -> list[Step]:
    sink = make_sink("null", size=frame.size, fps=FPS)
    stack.callback(sink.close)
    return [
        Step("publish", lambda: sink.send(frame), 0),
        Step("packed", lambda: pack(frame), 2 * frame_bytes(frame.size), is_part=True),
    ]


def receive(clip: Sequence[Frame], text: str) -> list[Frame]:
    """What comes out of the link; no cut among it, however often it is gone through."""
    with Link(parse_profile(text), np.random.default_rng(0)) as link:
        return [replace(link(frame), is_cut=False) for frame, _ in zip(timed(list(clip)), clip, strict=False)]


def measure_chain(size: Size, arguments: argparse.Namespace, machine: Machine) -> tuple[str, list[Row]]:
    """The model that ran, and what was found, for one output size."""
    config = Config(size=size, model=arguments.model, threads=arguments.threads, fps=FPS)
    model, clip = load_model(config), read_clip()
    seen = receive(clip, arguments.link)
    shown = Restorer(model, size)(seen[0])
    with ExitStack() as stack:
        steps = [
            *source_steps(stack),
            *link_steps(stack, clip, arguments.link),
            *restore_steps(model, seen, size),
            *publish_steps(stack, shown),
        ]
        times = measure(steps, arguments.seconds)
    return f"{model.spec.name} ({model.precision})", make_rows(steps, times, machine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=parse_size, nargs="+", default=[(1920, 1080), (1280, 720)])
    parser.add_argument("--link", default="360p")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of the model; default: as the program")
    parser.add_argument("--seconds", type=float, default=20, help="for each size")
    parser.add_argument("--trim", action="store_true", help="leave glibc's memory trimming as it is")
    arguments = parser.parse_args()
    if not arguments.trim:
        keep_freed_memory()
    machine = find_machine(thread_count(Engine(threads=arguments.threads)))
    versions = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}, PyAV {av.__version__}"
    print(f"{machine.describe()}; {versions}")
    found = {}
    for size in arguments.size:
        name = f"{size[0]}x{size[1]}"
        model, rows = measure_chain(size, arguments, machine)
        print_rows(f"{name}, link {arguments.link}, model {model}", rows)
        print(f"\nAt {FPS} fps that is {rows[-1].cpu_ms * FPS / 1000:.2f} cores.")
        found[name] = {"model": model, "steps": {row.step: as_json(row) for row in rows}}
    print(json.dumps({"machine": machine.describe(), "versions": versions, "sizes": found}))


if __name__ == "__main__":
    main()
