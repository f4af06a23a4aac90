"""What does seeing through time cost? A frame's restoration with fusion, without, and by an older release.

    python -m bench.fusion [--size 1920x1080] [--model fast best] [--beside FOLDER] [--frames 40]
        [--threads 2]

Inputs: a scene without noise, a webcam in a dim room before which nothing moves, and the same with the whole
picture moving. Restorers take turns frame by frame; the medians are of the second half of the frames. FOLDER
holds an older release's weights, to compare with. The last line is JSON.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from distill.damage.cameras import CAMERAS
from vcam.frame import Frame, Size, parse_size, resize
from vcam.manifest import read_manifest, weights_folder
from vcam.restore import Engine, Model, Restorer
from vcam.sources.file import FileSource
from vcam.sources.sample import SAMPLE_PATH

DRIFT_PX = 6  # a frame, of the scene that moves


def scenes(size: Size, count: int) -> Iterator[tuple[str, list[Frame]]]:
    """Scenes of `count` frames by name."""
    with FileSource(SAMPLE_PATH, realtime=False) as source:
        still = replace(resize(next(iter(source)), size), is_cut=False)
    yield "clean", [replace(still, index=number) for number in range(count)]
    moving = [
        replace(still, **{name: np.roll(getattr(still, name), shift, axis=1) for name, shift in shifts})
        for number in range(count)
        for shifts in [[("y", 2 * DRIFT_PX * number), ("u", DRIFT_PX * number), ("v", DRIFT_PX * number)]]
    ]
    for name, scene in (("dim, still", [still] * count), ("dim, moving", moving)):
        yield name, CAMERAS["L"].shoot(scene, np.random.default_rng(0))


def measure(restorers: dict[str, Restorer], frames: Sequence[Frame]) -> dict[str, tuple[float, float]]:
    """Median milliseconds a frame of each, and the share of the picture that it computed."""
    times: dict[str, list[float]] = {name: [] for name in restorers}
    shares: dict[str, list[float]] = {name: [] for name in restorers}
    for frame in frames:
        for name, restorer in restorers.items():
            start = time.perf_counter()
            restorer(frame)
            times[name].append((time.perf_counter() - start) * 1e3)
            shares[name].append(restorer.computed)
    half = len(frames) // 2
    return {
        name: (float(np.median(times[name][half:])), float(np.mean(shares[name][half:])))
        for name in restorers
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=parse_size, default=(1920, 1080))
    parser.add_argument("--model", nargs="+", default=["fast", "best"])
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    engine, found = Engine("cpu", arguments.threads), []
    print("| model | scene | | ms a frame | computed |\n| --- | --- | --- | --- | --- |")
    for name in arguments.model:
        folder = weights_folder()
        model = Model(read_manifest(folder)[name], folder, engine)
        for scene, frames in scenes(arguments.size, arguments.frames):
            restorers = {
                "fused": Restorer(model, arguments.size),
                "single frames": Restorer(model, arguments.size, denoise=0),
            }
            if arguments.beside:
                older = Model(read_manifest(arguments.beside)[name], arguments.beside, engine)
                restorers["beside"] = Restorer(older, arguments.size)
            for way, (ms, computed) in measure(restorers, frames).items():
                found.append(
                    {"model": name, "scene": scene, "way": way, "ms": round(ms, 2), "computed": computed}
                )
                print(f"| {name} | {scene} | {way} | {ms:.1f} | {computed:.2f} |")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
