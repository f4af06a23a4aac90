"""How sharp faces are: how much of the true faces' gradients a picture shows, and what it costs elsewhere.

A face is where the truth shows one (distill.data.centerface), looked for in every scored frame, so that the
boxes follow the head. Figures are of a clip's faces together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from distill.damage.degradation import Degradation
from distill.data.centerface import Box, detect_faces
from distill.evaluate.clips import Specimen
from distill.evaluate.contenders import Contender
from distill.evaluate.degradations import NAMED
from distill.evaluate.farend import Protocol
from distill.evaluate.metrics import FramePair, flicker
from distill.evaluate.tally import MOST_PSNR
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, Plane
from vcam.metrics import psnr, ssim

Gradient: TypeAlias = npt.NDArray[Any]  # (2, H, W) float32: to the right, down

SMALLEST = 48  # lines of a face: smaller ones are pictures on a wall, or tell nothing
DAMAGES = {label: each for label, each in NAMED.items() if label[:2] in ("D2", "D4", "D5")}


@dataclass(frozen=True)
class FaceFigures:
    """Of the faces of a clip as they are shown, g being their luma's gradients and t the truth's."""

    ratio: float  # mean |g| over mean |t|: 1 is as sharp as the truth, be it of true edges or of false ones
    projection: float  # sum(g . t) / sum(t . t): how much of the true gradients is there
    cosine: float  # sum(g . t) / sqrt(sum(g . g) sum(t . t)): how much of what is there is true
    psnr_y: float  # dB, the mean over the faces
    ssim_y: float
    flicker: float | None  # code values, as distill.evaluate.metrics has it; None where no pixel stands still


@dataclass(frozen=True)
class FaceRow:
    """One look of one clip under one degradation; `faces` is the number of boxes in all scored frames."""

    clip: str
    degradation: str
    look: str  # a contender's name
    faces: int
    figures: FaceFigures


def judge_faces(
    looks: Sequence[Contender],
    specimens: Sequence[Specimen],
    first: int,
    stride: int,
    degradations: Mapping[str, Degradation] = DAMAGES,
    seed: int = 0,
) -> Iterator[FaceRow]:
    """Every look of the clips' faces under every degradation, all frames restored in order.

    first, stride   every `stride`-th frame from `first` on is scored, if it has a successor

    Raises SourceError for a clip that is too short, or in which no face is found.
    """
    protocol = Protocol(first, stride)
    for specimen in tqdm(specimens, "faces", unit="clip"):
        truth = specimen.read()
        boxes = {index: find_boxes(truth[index]) for index in protocol.scored(len(truth))}
        if not any(boxes.values()):
            raise SourceError(
                f"no face of {SMALLEST} lines or more in {specimen.name}; "
                "leave it out of the folder, or take a clip that shows one closer"
            )
        for label, degradation in degradations.items():
            seen = degradation.apply(truth, np.random.default_rng(seed))
            for look in looks:
                faces = _show(look, seen, degradation.truth(truth), boxes)
                yield FaceRow(specimen.name, label, look.name, len(faces), measure(faces))


def find_boxes(frame: Frame) -> list[Box]:
    """The frame's faces that are large enough to say something."""
    found = detect_faces(to_bgr(frame))
    return [box for box in found if (box.bottom - box.top) * frame.height >= SMALLEST]


def _show(
    look: Contender, seen: Sequence[Frame], truth: Sequence[Frame], boxes: Mapping[int, Sequence[Box]]
) -> list[tuple[FramePair, FramePair]]:
    """Each face of each scored frame and of its successor, as it is shown and as it is."""
    places = [place for index in boxes for place in (index, index + 1)]
    shown = dict(zip(places, look.restore(seen, truth[0].size, places), strict=True))

    def pair(frames: Mapping[int, Frame] | Sequence[Frame], index: int, box: Box) -> FramePair:
        return cut(frames[index], box), cut(frames[index + 1], box)

    return [
        (pair(shown, index, box), pair(truth, index, box)) for index, found in boxes.items() for box in found
    ]


def cut(frame: Frame, box: Box) -> Frame:
    """The part of a frame in a box, which is widened to even pixels."""
    top, bottom = (round(side * frame.height / 2) for side in (box.top, box.bottom))
    left, right = (round(side * frame.width / 2) for side in (box.left, box.right))
    luma, chroma = np.s_[2 * top : 2 * bottom, 2 * left : 2 * right], np.s_[top:bottom, left:right]
    y, u, v = (
        np.ascontiguousarray(plane[place])
        for plane, place in ((frame.y, luma), (frame.u, chroma), (frame.v, chroma))
    )
    return replace(frame, y=y, u=u, v=v)


def measure(faces: Sequence[tuple[FramePair, FramePair]]) -> FaceFigures:
    """The figures of faces, each shown and true, in a frame and its successor."""
    firsts = [(shown[0].y, true[0].y) for shown, true in faces]
    lengths, products = zip(*(_sums(*pair) for pair in firsts), strict=True)
    (shown_length, true_length), (g_t, g_g, t_t) = np.sum(lengths, 0), np.sum(products, 0)
    return FaceFigures(
        ratio=float(shown_length / true_length),
        projection=float(g_t / t_t),
        cosine=float(g_t / np.sqrt(g_g * t_t)),
        psnr_y=fmean(min(psnr(*pair), MOST_PSNR) for pair in firsts),
        ssim_y=fmean(ssim(*pair) for pair in firsts),
        flicker=flicker([shown for shown, _ in faces], [true for _, true in faces]),
    )


def _sums(shown: Plane, true: Plane) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """The sums of |g| and |t|, and those of g.t, g.g and t.t."""
    g, t = gradient(shown), gradient(true)
    lengths = tuple(float(np.sum(np.hypot(*each), dtype=np.float64)) for each in (g, t))
    products = tuple(float(np.sum(a * b, dtype=np.float64)) for a, b in ((g, t), (g, g), (t, t)))
    return lengths, products  # type: ignore[return-value]  # two, and three


def gradient(luma: Plane) -> Gradient:
    """The gradient of an (H, W) uint8 plane by central differences, in code values a pixel; rims left out."""
    plane = luma.astype(np.float32)
    right = (plane[1:-1, 2:] - plane[1:-1, :-2]) / 2
    down = (plane[2:, 1:-1] - plane[:-2, 1:-1]) / 2
    return np.stack([right, down])
