"""How long does restore alone take at 1080p, and where does the time go?

Ceiling: a network of N multiply-accumulates a pixel needs 2.07 M * N of them a frame. A core with AVX2 and no
VNNI does 32 int8 MAC a cycle at best (two multiply instructions for 32 products), so 576 MAC a pixel take
6.2 ms on two cores at 3 GHz; with VNNI a half or less. Base, cells and addition touch about 15 MB: 1.5 ms at
10 GB/s.

    python -m bench.restore [--threads 2] [--rounds 60] [--trim]

Rounds are interleaved over the models, and medians are taken, because shared machines are noisy.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np
import onnxruntime

from vcam.frame import Frame, from_packed, resize
from vcam.manifest import read_manifest, weights_folder
from vcam.memory import keep_freed_memory
from vcam.restore import Engine, Model, Restorer, from_cells, to_cells

SIZE = (1920, 1080)
INPUT = (960, 540)


def noise_frame() -> Frame:
    """A repeatable frame with detail everywhere: no step can take a short cut."""
    packed = np.random.default_rng(1).integers(16, 236, INPUT[0] * INPUT[1] * 3 // 2, np.uint8)
    return from_packed(packed, INPUT)


def elapsed_ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def _steps(model: Model, frame: Frame, base: Frame) -> dict[str, Callable[[], object]]:
    """The whole stage, and its parts one by one."""
    cell, stage = model.spec.cell, Restorer(model, SIZE)
    cells = to_cells(base.y, cell)
    residual = model.residual(cells)
    return {
        "restore": lambda: stage(frame),
        "base": lambda: resize(frame, SIZE),
        "cells": lambda: to_cells(base.y, cell),
        "network": lambda: model.residual(cells),
        "addition": lambda: cv2.addWeighted(base.y, 1, from_cells(residual, cell, SIZE), 1, -128),
    }


def measure(models: list[Model], rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each step, by model."""
    frame = noise_frame()
    base = resize(frame, SIZE)
    times: dict[str, dict[str, list[float]]] = {model.spec.name: {} for model in models}
    for _ in range(rounds):
        for model in models:
            steps = _steps(model, frame, base)
            for step, work in steps.items():
                times[model.spec.name].setdefault(step, []).append(elapsed_ms(work))
    return {
        name: {step: round(median(found), 2) for step, found in steps.items()}
        for name, steps in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--trim", action="store_true", help="leave glibc's memory trimming as it is")
    arguments = parser.parse_args()
    if not arguments.trim:
        keep_freed_memory()
    cv2.setNumThreads(arguments.threads)
    folder = weights_folder()
    engine = Engine("cpu", arguments.threads)
    models = [Model(spec, folder, engine) for spec in read_manifest(folder).values()]
    for model in models:
        model.warm_up(SIZE)
    found = measure(models, arguments.rounds)
    print(f"{platform.processor() or platform.machine()}, ONNX Runtime {onnxruntime.__version__}, ", end="")
    print(f"{arguments.threads} threads, {INPUT[0]}x{INPUT[1]} to {SIZE[0]}x{SIZE[1]}, median ms")
    print("| model | MAC/px | restore | base | cells | network | addition |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for model in models:
        steps = found[model.spec.name]
        cells = " | ".join(
            f"{steps[step]:.1f}" for step in ("restore", "base", "cells", "network", "addition")
        )
        print(f"| {model.spec.name} | {model.spec.macs_per_pixel:.0f} | {cells} |")
    print(json.dumps({"threads": arguments.threads, "restore_ms": found}))


if __name__ == "__main__":
    main()
