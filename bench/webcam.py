"""What does a webcam's MJPG cost until it is a Frame, and how near is it to what the camera saw?

Ceiling: a JPEG's bits come one after the other, and its decoder uses one thread; a 1080p frame has 2 MB of
luma to write. Both ways start from the same JPEGs and take turns: through OpenCV's BGR, as this program read
webcams before, and by the planes.

    python -m bench.webcam [--size 1920x1080] [--quality 85] [--seconds 20]

The clip's pictures are enlarged, get a webcam's grain, and are encoded by OpenCV, in 4:2:2 as most webcams
do, and in 4:2:0. `CPU-ms` is what all threads of the process did for one picture, medians over blocks of
calls. PSNR compares with the same pictures converted in floats: what the JPEG lost is in it.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from statistics import median

import cv2
import numpy as np

from bench.steps import Step, measure
from vcam.conversion.mjpg import Bytes, MjpgDecoder
from vcam.conversion.opencv import Bgr, from_bgr, to_bgr
from vcam.frame import Frame, Size, parse_size, resize
from vcam.memory import keep_freed_memory
from vcam.metrics import psnr
from vcam.sources.sample import sample_source

SAMPLINGS = {"4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422, "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420}
PICTURES, EVERY = 6, 10
GRAIN = 3.0  # code values

Way = Callable[[Bytes], Frame]


@dataclass(frozen=True)
class Found:
    """What a way costs and gives."""

    jpegs: str
    way: str
    kilobytes: int
    ms: float
    cpu_ms: float
    psnr: tuple[float, float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=parse_size, default=(1920, 1080), metavar="WxH")
    parser.add_argument("--quality", type=int, default=85)
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    keep_freed_memory()  # as the camera does: else each new picture costs its pages again
    pictures = film(args.size)
    rows = [
        row
        for name in SAMPLINGS
        for row in compare(name, pictures, args.quality, args.seconds / len(SAMPLINGS))
    ]
    print("| JPEGs | way | KB | ms | CPU-ms | PSNR of Y, U, V, dB |\n| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        quality = ", ".join(f"{value:.1f}" for value in row.psnr)
        print(f"| {row.jpegs} | {row.way} | {row.kilobytes} | {row.ms:.2f} | {row.cpu_ms:.2f} | {quality} |")
    print(json.dumps([asdict(row) for row in rows]))


def film(size: Size) -> list[Bgr]:
    """Pictures of the bundled clip with grain, (H, W, 3) uint8 each."""
    rng = np.random.default_rng(0)
    with sample_source(loop=True, realtime=False) as source:
        frames = [to_bgr(resize(frame, size)) for frame in islice(source, 0, PICTURES * EVERY, EVERY)]
    return [np.clip(bgr + rng.normal(0, GRAIN, bgr.shape), 0, 255).astype(np.uint8) for bgr in frames]


def compare(sampling: str, pictures: Sequence[Bgr], jpeg_quality: int, seconds: float) -> list[Found]:
    """Both ways on the same JPEGs, by turns."""
    options = (cv2.IMWRITE_JPEG_QUALITY, jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling])
    jpegs = [np.asarray(cv2.imencode(".jpg", bgr, options)[1], np.uint8).reshape(-1) for bgr in pictures]
    ways = {"OpenCV's BGR": by_bgr, "planes": planes_of(MjpgDecoder())}
    times = measure([as_step(name, way, jpegs) for name, way in ways.items()], seconds)
    kilobytes = round(sum(map(len, jpegs)) / len(jpegs) / 1000)
    return [
        Found(
            sampling, name, kilobytes, median(time.wall_ms), median(time.cpu_ms), judge(way, jpegs, pictures)
        )
        for (name, way), time in zip(ways.items(), times, strict=True)
    ]


def as_step(name: str, way: Way, jpegs: Sequence[Bytes]) -> Step:
    turns = cycle(jpegs)
    return Step(name, lambda: way(next(turns)), 0)


def by_bgr(jpeg: Bytes) -> Frame:
    bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert bgr is not None
    return from_bgr(bgr)


def planes_of(decoder: MjpgDecoder) -> Way:
    def decode(jpeg: Bytes) -> Frame:
        frame = decoder.decode(jpeg, 0, 0)
        assert frame is not None
        return frame

    return decode


def judge(way: Way, jpegs: Sequence[Bytes], pictures: Sequence[Bgr]) -> tuple[float, float, float]:
    """Mean PSNR of Y, U and V in dB to what the pictures are in floats."""
    scores = []
    for jpeg, bgr in zip(jpegs, pictures, strict=True):
        found, true = way(jpeg), convert(bgr)
        scores.append([psnr(getattr(found, plane), getattr(true, plane)) for plane in "yuv"])
    y, u, v = np.mean(scores, axis=0)
    return float(y), float(u), float(v)


def convert(bgr: Bgr) -> Frame:
    """BT.601 limited in floats; a value of chroma is the mean of its four pixels."""
    blue, green, red = np.moveaxis(bgr.astype(np.float32), 2, 0)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    height, width = y.shape
    halves = (
        colour.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
        for colour in ((blue - y) / 1.772, (red - y) / 1.402)
    )
    planes = (16 + y * (219 / 255), *(128 + half * (224 / 255) for half in halves))
    return Frame(*(np.rint(plane).astype(np.uint8) for plane in planes))


if __name__ == "__main__":
    main()
