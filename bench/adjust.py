"""What does adjusting the published picture cost, and what does light do to noise and flicker?

    python -m bench.adjust [--size 1920x1080] [--model fast] [--frames 60] [--camera N] [--clip FILE]
        [--strip build/light.png]

Each adjustment alone, in milliseconds a frame and as a share of the restoration's in the same run. Then a
dim camera before which nothing moves: the standard deviation over time of its pixels, and of the whole
picture's mean, as the camera gives it, restored, and restored and lit. The strip is for the eye: frames of
the clip as the dim camera sees them, restored, half lit and lit. The last line is JSON.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from distill.damage.cameras import CAMERAS
from vcam.adjust import Adjust, View, Wishes
from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame, Size, crop_to_aspect, parse_size, resize
from vcam.manifest import read_manifest, weights_folder
from vcam.pipeline import Result
from vcam.restore import Engine, Model, Restorer
from vcam.sources.file import FileSource
from vcam.sources.sample import SAMPLE_PATH

PERIOD_NS = 33_333_333
WISHES = {
    "off": Wishes(),
    "mirror": Wishes(View(mirror=True)),
    "rotate 90": Wishes(View(turn=90)),
    "zoom 2": Wishes(View(zoom=2)),
    "light": Wishes(light=1),
    "wipe": Wishes(overlay=frozenset({"wipe"})),
    "figures": Wishes(overlay=frozenset({"fps"})),
}
DARK = 60  # codes; below, light does most
STRIP_WIDTH = 480


def read_scene(path: Path, size: Size, count: int) -> list[Frame]:
    with FileSource(path, realtime=False, loop=True) as source:
        return timed(resize(crop_to_aspect(frame, size), size) for frame in islice(source, count))


def timed(frames: Iterator[Frame] | Sequence[Frame]) -> list[Frame]:
    """The same as a camera's frames, 30 a second."""
    return [
        replace(frame, index=number, captured_ns=number * PERIOD_NS + 1, is_cut=number == 0)
        for number, frame in enumerate(frames)
    ]


def measure_costs(restorer: Restorer, frames: Sequence[Frame]) -> dict[str, float]:
    """Median milliseconds a frame, the restoration's first; all take turns frame by frame."""
    stages = {name: Adjust(wishes) for name, wishes in WISHES.items()}
    times: dict[str, list[float]] = {name: [] for name in ("restore", *stages)}

    def clock(name: str, work: Callable[[], Frame | Result]) -> Frame | Result:
        start = time.perf_counter()
        made = work()
        times[name].append((time.perf_counter() - start) * 1e3)
        return made

    for frame in frames:
        # a default gives a lambda no type
        restored = clock("restore", lambda frame=frame: restorer(frame))  # type: ignore[misc]  # bound here
        assert isinstance(restored, Frame)
        for name, adjust in stages.items():
            result = Result(frame, restored)
            # a default gives a lambda no type
            clock(name, lambda adjust=adjust, result=result: adjust(result))  # type: ignore[misc]  # bound here
    return {name: float(np.median(values[len(values) // 2 :])) for name, values in times.items()}


def lit_by(strength: float) -> Callable[[Frame], Frame]:
    adjust = Adjust(Wishes(light=strength))
    return lambda frame: adjust(Result(frame, frame)).after


def measure_noise(restorer: Restorer, seen: Sequence[Frame]) -> dict[str, dict[str, float]]:
    """Standard deviations over time, in codes, of the second half: of pixels, of dark ones, of the mean."""
    light, half = lit_by(1), len(seen) // 2
    shown: dict[str, list[np.ndarray]] = {"seen": [], "restored": [], "lit": []}
    for frame in seen:
        restored = restorer(frame)
        for name, picture in (("seen", frame), ("restored", restored), ("lit", light(restored))):
            shown[name].append(picture.y[::2, ::2].astype(np.float32))
    dark = np.mean(shown["restored"][half:], axis=0) < DARK
    return {
        name: {
            "pixels": float(np.std(pictures[half:], axis=0).mean()),
            "dark": float(np.std(pictures[half:], axis=0)[dark].mean()),
            "mean": float(np.std([picture.mean() for picture in pictures[half:]])),
        }
        for name, pictures in shown.items()
    }


def draw_strip(restorer: Restorer, seen: Sequence[Frame], path: Path) -> None:
    """Rows of frames in time; columns: as seen, restored, half lit, lit."""
    lights = [lit_by(0.5), lit_by(1)]
    rows = []
    for number, frame in enumerate(seen):
        restored = restorer(frame)
        pictures = [frame, restored, *(light(restored) for light in lights)]
        if number % (len(seen) // 3) == len(seen) // 3 - 1:
            height = STRIP_WIDTH * frame.height // frame.width & ~1
            rows.append(np.hstack([to_bgr(resize(picture, (STRIP_WIDTH, height))) for picture in pictures]))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=parse_size, default=(1920, 1080))
    parser.add_argument("--model", default="fast")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--camera", choices=sorted(CAMERAS), default="N")
    parser.add_argument("--clip", type=Path, default=SAMPLE_PATH)
    parser.add_argument("--strip", type=Path)
    args = parser.parse_args()
    folder = weights_folder()
    model = Model(read_manifest(folder)[args.model], folder, Engine("cpu"))
    frames = read_scene(args.clip, args.size, args.frames)
    camera = CAMERAS[args.camera]
    seen = timed(camera.shoot(frames, np.random.default_rng(0)))
    costs = measure_costs(Restorer(model, args.size), seen)
    for name, cost in costs.items():
        print(f"{name:10} {cost:7.2f} ms  {cost / costs['restore']:6.1%} of restore")
    still = timed(camera.shoot([frames[0]] * args.frames, np.random.default_rng(1)))
    noise = measure_noise(Restorer(model, args.size), still)
    for name, found in noise.items():
        print(f"{name:10} pixels {found['pixels']:.2f}  dark {found['dark']:.2f}  mean {found['mean']:.3f}")
    if args.strip:
        draw_strip(Restorer(model, args.size), seen, args.strip)
    print(json.dumps({"ms": costs, "noise": noise}))


if __name__ == "__main__":
    main()
