"""Does it serve all faces alike? The gain on portraits, group by group.

    python -m bench.faces --model best "darker skin=A.webp,B.webp" "glasses=C.webp" ...

Each portrait is panned as training's are, 480 pixels a side, sent through D1 to D5 and the poor webcam
(distill/evaluate/degradations.py), and restored as the camera would. The files that are named say what a
group is; take such as no training has seen. Prints the mean gain in PSNR-Y and SSIM-Y and the worst of each
group, then one JSON line.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from distill.data.media import pan_still
from distill.evaluate.degradations import NAMED, WEBCAM
from distill.evaluate.judge import FIRST_SCORED, evaluate, summarise
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.manifest import read_manifest, weights_folder
from vcam.restore import Engine, Model

SIDE = 480
FRAMES = FIRST_SCORED + 8


def clips(files: str) -> Iterator[tuple[str, list[Frame]]]:
    """A panned clip of each file between commas. Raises SourceError for one that is no picture."""
    for path in map(Path, files.split(",")):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(f"cannot read {path} as a picture; name portraits, with commas between them")
        yield path.stem, pan_still(image, SIDE, FRAMES, np.random.default_rng(sum(path.name.encode())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("groups", nargs="+", metavar="NAME=FILE,FILE")
    parser.add_argument("--model", default="best")
    parser.add_argument("--weights", type=Path, default=weights_folder())
    parser.add_argument("--crispness", type=float, default=0)
    arguments = parser.parse_args()
    model = Model(read_manifest(arguments.weights)[arguments.model], arguments.weights, Engine("cpu"))
    found = {}
    print("| group | portraits | PSNR-Y, dB | SSIM-Y | worst, dB |\n| --- | ---: | ---: | ---: | ---: |")
    for group in arguments.groups:
        name, _, files = group.partition("=")
        rows = list(evaluate(model, clips(files), NAMED | WEBCAM, stride=4, crispness=arguments.crispness))
        found[name] = summarise(rows) | {"portraits": len(files.split(","))}
        print(
            f"| {name} | {found[name]['portraits']} | {found[name]['psnr_gain']:+.2f} | "
            f"{found[name]['ssim_gain']:+.4f} | {found[name]['worst_psnr_gain']:+.2f} |",
            flush=True,
        )
    print(json.dumps({"model": arguments.model, "crispness": arguments.crispness, "groups": found}))


if __name__ == "__main__":
    main()
