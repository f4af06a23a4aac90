"""How much of a call's picture stands still, bit for bit, so that it need not be restored again?

Ceiling: the person of the bundled clip never leaves 40% of its 16:9 cut. A camera's noise moves all the rest,
an encoder stills what it thinks too small to send, and a virtual background is still by itself. What may be
skipped lies outside the one rectangle around all change.

    python -m bench.still [--size 1920x1080] [--link off 360p 360p,crf=28] [--frames 300]

Cells are 4x4 pixels of the output's luma, before the restoration. Shares are of the picture, from one frame
to the next: means, and for the rectangle the median and the 95th percentile too.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from vcam.camera.parts import make_link
from vcam.frame import Frame, Size, crop_to_aspect, parse_size, resize
from vcam.restore import Cells, to_cells
from vcam.sources import AnySource, sample_source, still_sample_source

CELL = 4
SOURCES: dict[str, Callable[[], AnySource]] = {
    "sample": partial(sample_source, realtime=False),
    "sample-still": partial(still_sample_source, realtime=False),
}


def find_changed(before: Cells, after: Cells) -> npt.NDArray[np.bool_]:
    """Which cells differ: (h, w) of two (1, h, w, c)."""
    changed: npt.NDArray[np.bool_] = (before[0] != after[0]).any(axis=-1)
    return changed


def rectangle_share(changed: npt.NDArray[np.bool_]) -> float:
    """Area of the smallest rectangle around all that changed, as a share of the picture."""
    (rows,), (columns,) = np.nonzero(changed.any(axis=1)), np.nonzero(changed.any(axis=0))
    if not len(rows):
        return 0.0
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    return float(height * width / changed.size)


def measure(frames: Iterable[Frame], size: Size) -> dict[str, float]:
    """Shares of the picture from frame to frame."""
    cells = (to_cells(resize(crop_to_aspect(frame, size), size).y, CELL) for frame in frames)
    changes = [find_changed(before, after) for before, after in pairwise(cells)]
    rectangles = [rectangle_share(changed) for changed in changes]
    return {
        "still": round(float(np.mean([1 - changed.mean() for changed in changes])), 3),
        "rectangle": round(float(np.mean(rectangles)), 3),
        "rectangle_p50": round(float(np.percentile(rectangles, 50)), 3),
        "rectangle_p95": round(float(np.percentile(rectangles, 95)), 3),
    }


def read_frames(source: str, link_text: str, count: int) -> list[Frame]:
    """The first frames of a source, as they come out of a link."""
    link = make_link(link_text)
    with SOURCES[source]() as frames:
        seen = [link(frame) if link else frame for frame in islice(frames, count)]
    if link:
        link.close()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=parse_size, default=(1920, 1080))
    parser.add_argument("--link", nargs="+", default=["off", "360p", "360p,crf=28"])
    parser.add_argument("--frames", type=int, default=300)
    arguments = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    print("| source | link | still cells | rectangle around the others | p50 | p95 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for source in SOURCES:
        found[source] = {}
        for link in arguments.link:
            row = measure(read_frames(source, link, arguments.frames), arguments.size)
            found[source][link] = row
            print(f"| {source} | {link} | {' | '.join(f'{share:.2f}' for share in row.values())} |")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
