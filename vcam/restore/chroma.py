"""Colours cleaned beside luma: each place moves towards those around it that look alike."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Plane
from vcam.restore.cells import pad_to

# to the places that one is compared with, rows and columns at half of chroma's size; and the other way
STEPS = ((0, 2), (2, 0), (3, 3), (3, -3), (0, 6), (6, 0))
REACH = 6  # of the longest step
ALIKE = 15  # code values: what differs by more, chroma and half of luma summed up, counts for nothing
LUMA_SHARE = 0.5
# a change is ALIKE's weighted mean of differences, which is under 8.5 for any weights: one of less than half
# a code value rounds to none
LEAST_STRENGTH = 0.5 / 8.5
FRACTION = 4  # steps of a code value in which a change is scaled up: 8.5 * MOST_CHROMA * 4 fits into 7 bits
NO_CHANGE = 128

Change = npt.NDArray[np.float32]  # (H/4, W/4) of luma's size, rounded up: code values of a chroma plane


def restore_chroma(luma: Plane, u: Plane, v: Plane, strength: float) -> tuple[Plane, Plane]:
    """Take from chroma what a codec or a noisy camera put there.

    luma      (H, W), restored: its edges are those of the colours, and sharper than theirs
    u, v      (H/2, W/2)
    strength  0..MOST_CHROMA, times `chroma_changes`; under LEAST_STRENGTH the planes come back as they are

    What depends on a place is within 4 * (REACH + 2) pixels of luma, so that where nothing changes nothing
    will.
    """
    if strength < LEAST_STRENGTH:
        return u, v
    first, second = chroma_changes(luma, u, v)
    return _add(u, first, strength), _add(v, second, strength)


class StillChroma:
    """`restore_chroma` for a stream of frames: one like the last costs a comparison."""

    def __init__(self) -> None:
        self._seen: tuple[Plane, ...] = ()  # u, v and luma: the small ones are compared first
        self._strength = 0.0
        self._restored: tuple[Plane, Plane] | None = None

    def __call__(self, luma: Plane, u: Plane, v: Plane, strength: float) -> tuple[Plane, Plane]:
        """As `restore_chroma`; the planes may be those that were returned for the last frame."""
        seen = (u, v, luma)
        is_same = strength == self._strength and all(map(np.array_equal, seen, self._seen))
        if self._restored is None or not is_same:
            self._restored = restore_chroma(luma, u, v, strength)
        self._seen, self._strength = seen, strength
        return self._restored


def chroma_changes(luma: Plane, u: Plane, v: Plane) -> tuple[Change, Change]:
    """What strength 1 adds to u and to v, at half of their size.

    A place's change is the mean difference from it to the places of STEPS around it and to itself, each
    weighted by how much the two look alike: ALIKE less the differences of both chroma planes and half of
    that of luma. Noise and a codec's blotches are averaged, edges of either are kept. A bilateral filter
    (Tomasi and Manduchi 1998) over three planes at once, its neighbours spread out as they are in wavelets
    "a trous", its weights a triangle, so that all but one division are sums of bytes.
    """
    half = [_halve(_halve(pad_to(luma, 4))), _halve(pad_to(u, 2)), _halve(pad_to(v, 2))]
    half[0] = cv2.convertScaleAbs(half[0], alpha=LUMA_SHARE)
    rows, columns = half[0].shape
    # one row a plane, its borders within: a step is an offset, and each operation one run through memory
    width = columns + 2 * REACH
    planes = [
        cv2.copyMakeBorder(plane, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE).reshape(1, -1)
        for plane in half
    ]
    weights = np.full(planes[0].shape, ALIKE, np.uint8)  # a place looks like itself
    sums = [np.zeros(planes[0].shape, np.int16) for _ in (u, v)]
    for down, right in STEPS:
        _compare(planes, down * width + right, weights, sums)
    inner = np.s_[REACH : REACH + rows, REACH : REACH + columns]
    first, second = (np.divide(total, weights, dtype=np.float32).reshape(-1, width)[inner] for total in sums)
    return first, second


def _compare(
    planes: Sequence[Plane], step: int, weights: npt.NDArray[np.uint8], sums: Sequence[npt.NDArray[np.int16]]
) -> None:
    """Add to the weights and sums of each place those of the two that are `step` from it.

    Each pair is looked at once. What has no two such places is border.
    """
    pairs = [(plane[:, :-step], plane[:, step:]) for plane in planes]
    weight = np.full(pairs[0][0].shape, ALIKE, np.uint8)
    for here, there in pairs:
        cv2.subtract(weight, cv2.absdiff(here, there), weight)  # no less than 0
    weights[:, step:-step] += weight[:, step:] + weight[:, :-step]
    for (here, there), total in zip(pairs[1:], sums, strict=True):
        # of a pair that looks alike the difference is under ALIKE, and the product under 57: two fit a byte
        product = (there - here).view(np.int8) * weight.view(np.int8)
        total[:, step:-step] += product[:, step:] - product[:, :-step]


def _halve(plane: Plane) -> Plane:
    """The mean of each 2x2."""
    height, width = plane.shape
    return cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def _add(plane: Plane, change: Change, strength: float) -> Plane:
    """Add a change at half size, so many times; scaled up as bytes, which is twice as fast."""
    height, width = plane.shape
    coded = cv2.convertScaleAbs(change, alpha=FRACTION * strength, beta=NO_CHANGE)
    whole = cv2.resize(coded, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width]
    return cv2.addWeighted(plane, 1, whole, 1 / FRACTION, -NO_CHANGE / FRACTION)
