"""What does a person see? One frame of a clip, before and after.

    python -m bench.picture before-after.png [--clip FILE] [--camera N | --link 270p] [--model best]
        [--frame 60] [--crop 170,60,280,210]

The left half is what a simulated webcam or a link delivers, scaled up; the right half is the same
frame, restored after all frames before it.
Prints PSNR-Y and SSIM-Y of both against the clip's own frame, then the same as JSON.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from distill.damage.cameras import CAMERAS
from vcam.conversion.opencv import Bgr, to_bgr
from vcam.frame import Frame
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
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--camera", choices=CAMERAS, help="a simulated webcam, of distill.damage.cameras")
    way.add_argument("--link", default="270p", help="a simulated link")
    parser.add_argument("--model", default="best")
    parser.add_argument("--frame", type=int, default=60)
    parser.add_argument("--crop", help="X,Y,W,H of the clip's frame, shown at twice its size")
    arguments = parser.parse_args()
    folder = weights_folder()
    model = Model(read_manifest(folder)[arguments.model], folder, Engine("cpu"))
    with FileSource(arguments.clip, realtime=False) as source:
        scene = [frame for frame, _ in zip(source, range(arguments.frame + 1), strict=False)]
    truth, before, after = restore(scene, model, arguments.camera, arguments.link)
    found = {name: score(frame, truth) for name, frame in (("before", before), ("after", after))}
    way_of = (
        f"simulated webcam {arguments.camera}" if arguments.camera else f"{arguments.link} link, scaled up"
    )
    labels = (way_of, "SharpKD Camera")
    halves = [
        label(cut(to_bgr(frame), arguments.crop), text)
        for frame, text in zip((before, after), labels, strict=True)
    ]
    cv2.imwrite(str(arguments.output), np.hstack(halves))
    for name, scores in found.items():
        print(f"{name}: PSNR-Y {scores['psnr']:.2f} dB, SSIM-Y {scores['ssim']:.4f}")
    print(json.dumps(found))


def restore(scene: list[Frame], model: Model, camera: str | None, link: str) -> tuple[Frame, Frame, Frame]:
    """The last frame of a scene as it is, as it is seen, and restored."""
    rng = np.random.default_rng(0)
    if camera is not None:
        truth, seen = CAMERAS[camera].truth(scene), CAMERAS[camera].shoot(scene, rng)
    else:
        with Link(parse_profile(link), rng) as through:
            truth, seen = scene, [through(frame) for frame in scene]
    plain, restorer = Restorer(model, truth[-1].size, strength=0), Restorer(model, truth[-1].size)
    for frame in seen:
        before, after = plain(frame), restorer(frame)
    return truth[-1], before, after


def score(frame: Frame, truth: Frame) -> dict[str, float]:
    return {"psnr": round(psnr(frame.y, truth.y), 2), "ssim": round(ssim(frame.y, truth.y), 4)}


if __name__ == "__main__":
    main()
