"""Which shapes of a student fit the time that a machine has?

Ceiling: a network of M multiply-accumulates a pixel needs M for each pixel of the output, at what the cores
do of them in a second (bench.floors). Narrow networks stay far below that: a kernel that computes 64 outputs
at once is three quarters empty with 16, and each layer writes and reads all cells once.

    python -m bench.shapes [--size 1920x1080] [--threads 2] [--rounds 15] [CHANNELSxDEPTH ...]

Students without training, int8, by turns in one process, on ONNX Runtime's CPU provider and on OpenVINO's
plugin where that takes this processor: weights change no time. DEPTH counts the blocks between head and tail.
Medians of wall time, and of the processor time of all threads.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from bench.floors import find_machine
from distill.export.cells import channels_of, export_int8
from distill.networks.condnet import CondNet
from distill.networks.cost import macs_per_pixel
from vcam.errors import ModelError
from vcam.manifest import MIXTURE
from vcam.restore.adopted import open_compiled
from vcam.restore.engine import CPU_PROVIDER, open_session
from vcam.restore.network import Run
from vcam.restore.plugins import find_device
from vcam.size import Size, parse_size

SHAPES = ("16x3", "32x2", "32x4", "48x3", "48x4", "64x3", "64x4", "64x6")
PLUGIN = "openvino"
WARM_UPS = 2


@dataclass(frozen=True)
class Timed:
    """Medians of one picture in ms, by engine."""

    shape: str
    macs_per_pixel: float
    wall_ms: dict[str, float]
    cpu_ms: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("shapes", nargs="*", default=SHAPES, metavar="CHANNELSxDEPTH")
    parser.add_argument("--size", type=parse_size, default=(1920, 1080))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    runs, costs = {}, {}
    for shape in args.shapes:
        channels, depth = (int(number) for number in shape.split("x"))
        student = CondNet(channels=channels, depth=depth, fused=True).eval()
        costs[shape] = macs_per_pixel(student)
        for engine, run in open_on_engines(student, args.size, args.threads):
            runs[shape, engine] = run
    times = take_turns(runs, args.size, args.rounds)
    found = [summarise(shape, costs[shape], times) for shape in args.shapes]
    print(f"{find_machine(args.threads).describe()}; {args.size[0]}x{args.size[1]}\n")
    print_table(found)
    print(json.dumps([asdict(each) for each in found]))


def open_on_engines(student: CondNet, size: Size, threads: int) -> Iterator[tuple[str, Run]]:
    """The exported student on each engine, by its name."""
    content = export_int8(student, {})
    mixture = {MIXTURE: np.full((1, student.experts), 1 / student.experts, np.float32)}
    session = open_session(content, "shape", threads, [CPU_PROVIDER], mixture)
    yield "cpu", lambda cells: session.run(None, {"cells": cells})[0]
    try:
        device = find_device(PLUGIN)
    except ModelError:
        return
    shape = (1, size[1] // student.cell, size[0] // student.cell, channels_of(student))
    yield PLUGIN, open_compiled(content, mixture, shape, device, threads)


def take_turns(
    runs: dict[tuple[str, str], Run], size: Size, rounds: int
) -> dict[tuple[str, str], tuple[float, float]]:
    """Median wall and processor time in ms of each, on grain, which no network can skip."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 256, (1, size[1] // 4, size[0] // 4, 20), np.uint8)
    taken: dict[tuple[str, str], list[tuple[float, float]]] = {key: [] for key in runs}
    for turn in range(WARM_UPS + rounds):
        for key, run in runs.items():
            start_s, cpu_s = time.perf_counter(), time.process_time()
            run(cells)
            if turn >= WARM_UPS:
                taken[key].append((time.perf_counter() - start_s, time.process_time() - cpu_s))
    return {
        key: (1e3 * float(wall), 1e3 * float(cpu))
        for key, (wall, cpu) in ((key, np.median(each, axis=0)) for key, each in taken.items())
    }


def summarise(shape: str, cost: float, times: dict[tuple[str, str], tuple[float, float]]) -> Timed:
    mine = {engine: each for (name, engine), each in times.items() if name == shape}
    walls, cpus = ({engine: each[index] for engine, each in mine.items()} for index in (0, 1))
    return Timed(shape, cost, walls, cpus)


def print_table(found: list[Timed]) -> None:
    engines = list(found[0].wall_ms)
    titles = "".join(f" {engine}, ms | {engine}, CPU-ms |" for engine in engines)
    print(f"| shape | MAC/px |{titles}\n| --- | --- |{' --- |' * 2 * len(engines)}")
    for each in found:
        times = "".join(f" {each.wall_ms[name]:.2f} | {each.cpu_ms[name]:.2f} |" for name in engines)
        print(f"| {each.shape} | {each.macs_per_pixel:.0f} |{times}")


if __name__ == "__main__":
    main()
