"""Does a network on one thread take less processor time than on two?

Ceiling: the multiplications are the same; two threads add what they tell each other, one adds what its core's
caches hold no more. What other programs do counts, too: a thread that waits for one that has lost its core
burns time. So both are measured as the machine is, or, as root, with the machine to themselves.

    python -m bench.threads [--alone] [--model fast] [--turns 12]

Restores the bundled clip behind 360p to Full HD, and runs the network on all cells. The two take turns, some
frames each, with a pause behind each turn. `--alone` runs them before all other programs (SCHED_FIFO), for
0.2 s at a time. The ratio is the median of each turn's.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count, cycle, islice

import numpy as np

from bench.releases import CLIP_FRAMES, FRAME_NS, SIZE, call
from vcam.frame import Frame
from vcam.manifest import read_manifest, weights_folder
from vcam.memory import keep_freed_memory
from vcam.restore import Engine, Model, Restorer

THREADS = (1, 2)
TURN_S, PAUSE_S = 0.2, 0.3


@dataclass(frozen=True)
class Found:
    """Medians of a frame in ms, by the number of threads, and the first's share of the second's."""

    step: str
    cpu_ms: tuple[float, ...]
    wall_ms: tuple[float, ...]
    cpu_ratio: float
    wall_ratio: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--alone", action="store_true", help="needs root; others stop for 0.2 s at a time")
    parser.add_argument("--model", default="fast", help="default: fast")
    parser.add_argument("--turns", type=int, default=12, help="of each; default: 12")
    args = parser.parse_args()
    keep_freed_memory()
    frames = list(islice(call(), CLIP_FRAMES))
    print("| step | CPU-ms, 1 and 2 threads | ratio | ms | ratio |\n| --- | --- | --- | --- | --- |")
    rows = [
        compare(name, runs, args.turns, args.alone)
        for name, runs in make_steps(args.model, frames, args.alone)
    ]
    print(json.dumps([asdict(row) for row in rows]))


def make_steps(
    name: str, frames: list[Frame], is_alone: bool
) -> Iterator[tuple[str, list[Callable[[], object]]]]:
    """Each step, on as many threads as THREADS says, warm."""
    folder = weights_folder()
    with alone(is_alone):  # threads keep what they begin with
        models = [Model(read_manifest(folder)[name], folder, Engine("cpu", threads)) for threads in THREADS]
    stages = [Restorer(model, SIZE) for model in models]
    runs: list[Callable[[], object]] = []
    for stage in stages:
        film = (
            replace(frame, index=index, captured_ns=index * FRAME_NS, is_cut=not index)
            for index, frame in zip(count(), cycle(frames), strict=False)
        )
        runs.append(partial(restore_next, stage, film))
    for run in runs:
        for _ in range(CLIP_FRAMES):  # until the network fits the damage
            with alone(is_alone):
                run()
            time.sleep(PAUSE_S / 10)
    yield "restore", runs
    grain = np.random.default_rng(0).integers(16, 236, SIZE[::-1], np.uint8)
    yield "network, all cells", [partial(model.residual, model.cells_of(grain)) for model in models]


def restore_next(stage: Restorer, film: Iterator[Frame]) -> Frame:
    return stage(next(film))


def compare(step: str, runs: list[Callable[[], object]], turns: int, is_alone: bool) -> Found:
    """Run them by turns, and print what was found."""
    taken = np.array([[measure(run, is_alone) for run in runs] for _ in range(turns)])  # (turns, threads, 2)
    cpu, wall = np.median(taken, axis=0).T
    ratios = np.median(taken[:, 0] / taken[:, 1], axis=0)
    found = Found(step, tuple(map(float, cpu)), tuple(map(float, wall)), float(ratios[0]), float(ratios[1]))
    cells = [
        step,
        f"{cpu[0]:.1f}, {cpu[1]:.1f}",
        f"{ratios[0]:.2f}",
        f"{wall[0]:.1f}, {wall[1]:.1f}",
        f"{ratios[1]:.2f}",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)
    return found


def measure(run: Callable[[], object], is_alone: bool) -> tuple[float, float]:
    """Processor and wall time in ms of one call, from as many as fit a turn."""
    with alone(is_alone):
        start_s, cpu_s, calls = time.perf_counter(), time.process_time(), 0
        while not calls or time.perf_counter() - start_s < TURN_S:
            run()
            calls += 1
        spent = time.process_time() - cpu_s, time.perf_counter() - start_s
    time.sleep(PAUSE_S)
    return spent[0] / calls * 1e3, spent[1] / calls * 1e3


@contextmanager
def alone(is_wanted: bool) -> Iterator[None]:
    """Run this thread, and those that it starts, before all other programs. Raises PermissionError."""
    if is_wanted:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        if is_wanted:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


if __name__ == "__main__":
    main()
