"""This checkout beside another one, by turns: the processor time of restoring a frame of Full HD behind 360p.

The processes take turns, so that what else the machine does falls on all; processor time counts what each did
itself. What counts is the ratio.

    git worktree add /tmp/before COMMIT && python -m bench.releases /tmp/before [--engine openvino]

--engine is of this checkout alone; the other one runs on ONNX Runtime's CPU provider.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, cycle, islice
from pathlib import Path

import numpy as np

from vcam.frame import Frame
from vcam.link import Link, parse_profile
from vcam.manifest import read_manifest, weights_folder
from vcam.memory import keep_freed_memory
from vcam.restore import Engine, Model, Restorer
from vcam.sources.sample import sample_source

SIZE = (1920, 1080)
CLIP_FRAMES = 40
FRAME_NS = 33_333_333
FRAMES_A_TURN = 5
HERE = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("other", help="the other checkout; of a worker, what it is to do as JSON")
    parser.add_argument("--turns", type=int, default=12, help="of each process; default: 12")
    parser.add_argument("--model", default="fast", help="default: fast")
    parser.add_argument("--engine", default="cpu", help="default: cpu")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(**json.loads(args.other))
        return 0
    rows = compare(Path(args.other), args.model, args.turns, args.engine)
    for name, (ms, ratio) in rows.items():
        print(f"{name:20} {ms:7.2f} CPU-ms a frame, {ratio:.3f} of the other's")
    print(json.dumps(rows))
    return 0


def compare(other: Path, model: str, turns: int, engine: str) -> dict[str, tuple[float, float]]:
    """Median processor time in ms by name, and the median of its ratios to the other checkout's."""
    sides = {
        "other, two threads": start_worker(other, model, 2),
        "this, two threads": start_worker(HERE, model, 2, engine),
        "this, one thread": start_worker(HERE, model, 1, engine),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(turns):
        for name, process in sides.items():
            taken[name].append(ask(process))
    for process in sides.values():
        process.communicate()
    first = taken["other, two threads"]
    return {
        name: (statistics.median(ms), statistics.median(np.divide(ms, first))) for name, ms in taken.items()
    }


def start_worker(checkout: Path, model: str, threads: int, engine: str = "cpu") -> "subprocess.Popen[str]":
    """A process that uses this checkout's program, ready for its first turn."""
    what = json.dumps({"name": model, "threads": threads, "engine": engine})
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), what, "--worker"],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ask(process: "subprocess.Popen[str]") -> float:
    """Let a worker have its turn; its processor time for a frame in ms."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(flush=True, file=process.stdin)
    return float(process.stdout.readline())


def work(name: str, threads: int, engine: str) -> None:
    """The worker: for each line of standard input, restore some frames and print the time of one."""
    keep_freed_memory()
    folder = weights_folder()
    spec = read_manifest(folder)[name]
    model = Model(spec, folder, Engine("cpu", threads))
    if engine != "cpu":
        from vcam.restore.adopted import AdoptedEngine  # which older checkouts do not have

        model.adopt(AdoptedEngine(engine, spec, folder, threads))
    restore = Restorer(model, SIZE)
    frames = call()
    for _ in range(CLIP_FRAMES):  # until the network fits the damage
        restore(next(frames))
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        for frame in islice(frames, FRAMES_A_TURN):
            restore(frame)
        print((time.process_time() - start) / FRAMES_A_TURN * 1e3, flush=True)


def call() -> Iterator[Frame]:
    """The bundled clip behind a 360p link, over and over, its time going on."""
    link = Link(parse_profile("360p"), np.random.default_rng(0))
    with sample_source(loop=False, realtime=False) as source:
        clip = [link(frame) for frame in islice(source, CLIP_FRAMES)]
    for number, frame in zip(count(), cycle(clip), strict=False):
        yield replace(frame, index=number, captured_ns=number * FRAME_NS)


if __name__ == "__main__":
    sys.exit(main())
