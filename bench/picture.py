"""What does a person see? The README's picture: one frame of a clip through a link, before and after.

    python -m bench.picture docs/before-after.png [--clip FILE] [--link 270p] [--model best] [--frame 60]
        [--crop 170,60,280,210]

The left half of the picture is what the link delivers, scaled up; the right half is the same frame restored.
Prints PSNR-Y and SSIM-Y of both against the clip's own frame, then the same as JSON.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from vcam.frame import Bgr, Frame, to_bgr
from vcam.link import Link, parse_profile
from vcam.manifest import read_manifest, weights_folder
from vcam.metrics import psnr, ssim
from vcam.restore import Engine, Model, Restorer
from vcam.sources.file import FileSource
from vcam.sources.sample import SAMPLE_PATH

LABEL_PX = 22


def label(picture: Bgr, text: str) -> Bgr:
    """A copy with a dark strip below that says what it is."""
    strip = np.full((LABEL_PX * 2, picture.shape[1], 3), 24, np.uint8)
    cv2.putText(
        strip, text, (14, LABEL_PX + 7), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (235, 235, 235), 1, cv2.LINE_AA
    )
    return np.vstack([picture, strip])


def cut(picture: Bgr, crop: str | None) -> Bgr:
    """The part "X,Y,W,H" of a picture with each pixel doubled; all of it as it is if there is no crop."""
    if crop is None:
        return picture
    left, top, width, height = (int(number) for number in crop.split(","))
    return picture[top : top + height, left : left + width].repeat(2, axis=0).repeat(2, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--clip", type=Path, default=SAMPLE_PATH)
    parser.add_argument("--link", default="270p")
    parser.add_argument("--model", default="best")
    parser.add_argument("--frame", type=int, default=60)
    parser.add_argument("--crop", help="X,Y,W,H of the clip's frame, shown at twice its size")
    arguments = parser.parse_args()
    folder = weights_folder()
    model = Model(read_manifest(folder)[arguments.model], folder, Engine("cpu"))
    with (
        FileSource(arguments.clip, realtime=False) as source,
        Link(parse_profile(arguments.link), np.random.default_rng(0)) as link,
    ):
        for truth, _ in zip(source, range(arguments.frame + 1), strict=False):
            seen = link(truth)
    before, after = (Restorer(model, truth.size, strength)(seen) for strength in (0, 1))
    found = {name: score(frame, truth) for name, frame in (("before", before), ("after", after))}
    labels = (f"{arguments.link} link, scaled up", "SharpKD Camera")
    halves = [
        label(cut(to_bgr(frame), arguments.crop), text)
        for frame, text in zip((before, after), labels, strict=True)
    ]
    cv2.imwrite(str(arguments.output), np.hstack(halves))
    for name, scores in found.items():
        print(f"{name}: PSNR-Y {scores['psnr']:.2f} dB, SSIM-Y {scores['ssim']:.4f}")
    print(json.dumps(found))


def score(frame: Frame, truth: Frame) -> dict[str, float]:
    return {"psnr": round(psnr(frame.y, truth.y), 2), "ssim": round(ssim(frame.y, truth.y), 4)}


if __name__ == "__main__":
    main()
