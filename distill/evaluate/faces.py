"""Sharpness of faces: how much of the true faces' gradients a restored picture has.

Faces are detected in the truth (distill.evaluate.centerface), in every scored frame, so that boxes follow the
head. Scores are over all faces of a clip.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from distill.damage.degradation import Degradation
from distill.evaluate.centerface import Box, detect_faces
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

SMALLEST = 48  # lines of a face: smaller ones are not significant
DAMAGES = {label: each for label, each in NAMED.items() if label[:2] in ("D2", "D4", "D5")}


@dataclass(frozen=True)
class FaceFigures:
    """Scores of a clip's faces; g are the gradients of restored luma, t those of the truth."""

    ratio: float  # mean |g| / mean |t|: 1 is as sharp as the truth, with true or false edges
    projection: float  # sum(g . t) / sum(t . t): fraction of the true gradients that is present
    cosine: float  # sum(g . t) / sqrt(sum(g . g) sum(t . t)): fraction of present gradients that is true
    psnr_y: float  # dB, the mean over the faces
    ssim_y: float
    flicker: float | None  # code values, as distill.evaluate.metrics has it; None if no pixel is static


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
    """Score the faces of every look of every clip under every degradation; all frames are restored in order.

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
                "remove it from the folder, or use a clip with a larger face"
            )
        for label, degradation in degradations.items():
            seen = degradation.apply(truth, np.random.default_rng(seed))
            for look in looks:
                faces = _show(look, seen, degradation.truth(truth), boxes)
                yield FaceRow(specimen.name, label, look.name, len(faces), measure(faces))


def find_boxes(frame: Frame) -> list[Box]:
    """The frame's faces of at least SMALLEST lines."""
    found = detect_faces(to_bgr(frame))
    return [box for box in found if (box.bottom - box.top) * frame.height >= SMALLEST]


def _show(
    look: Contender, seen: Sequence[Frame], truth: Sequence[Frame], boxes: Mapping[int, Sequence[Box]]
) -> list[tuple[FramePair, FramePair]]:
    """Each face of each scored frame and its successor: restored and true."""
    places = [place for index in boxes for place in (index, index + 1)]
    shown = dict(zip(places, look.restore(seen, truth[0].size, places), strict=True))

    def pair(frames: Mapping[int, Frame] | Sequence[Frame], index: int, box: Box) -> FramePair:
        return cut(frames[index], box), cut(frames[index + 1], box)

    return [
        (pair(shown, index, box), pair(truth, index, box)) for index, found in boxes.items() for box in found
    ]


def cut(frame: Frame, box: Box) -> Frame:
    """Crop a frame to a box that is widened to even pixels."""
    top, bottom = (round(side * frame.height / 2) for side in (box.top, box.bottom))
    left, right = (round(side * frame.width / 2) for side in (box.left, box.right))
    luma, chroma = np.s_[2 * top : 2 * bottom, 2 * left : 2 * right], np.s_[top:bottom, left:right]
    y, u, v = (
        np.ascontiguousarray(plane[place])
        for plane, place in ((frame.y, luma), (frame.u, chroma), (frame.v, chroma))
    )
    return replace(frame, y=y, u=u, v=v)


def measure(faces: Sequence[tuple[FramePair, FramePair]]) -> FaceFigures:
    """The scores of faces, each restored and true, in a frame and its successor."""
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
    """The gradient of an (H, W) uint8 plane by central differences, code values per pixel; no borders."""
    plane = luma.astype(np.float32)
    right = (plane[1:-1, 2:] - plane[1:-1, :-2]) / 2
    down = (plane[2:, 1:-1] - plane[:-2, 1:-1]) / 2
    return np.stack([right, down])
