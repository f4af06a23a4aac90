"""The noise of a camera's picture, measured in what stands still, at the scales that a gate looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Plane

Small: TypeAlias = npt.NDArray[np.float32]  # (h, w): one value a cell
Curve: TypeAlias = npt.NDArray[np.float32]  # (LEVELS,): one value for each range of brightness

LEVELS = 4  # ranges of brightness, equally wide: shot noise grows with light
BLOCK = 4  # side of a block in cells: the gate's coarse scale
CALM_SHARE = 0.35  # of the blocks of a level: the calmest, which stand still
CALM_BIAS = 1.06  # what choosing the calmest takes from a standard deviation
INERTIA = 0.6  # how much of the last estimate stays
LAG = 3  # frames: in-camera denoising makes neighbouring frames alike, so that their difference hides noise
MOST_LAGGED = 1.5  # times neighbouring frames' deviation: more is motion; an AR(1) of 0.6 gives 1.4
ROUNDING = 0.1  # code values
EVERY = 3  # frames: what is measured lasts
REST = 15  # frames from one measurement to the next where there has been next to no noise
SILENCE = 0.5  # code values: nothing is done about less
SILENT_TIMES = 5  # measurements in a row, to rest
ROW_STEP = 8  # every so many rows are compared pixel by pixel
FEWEST_BLOCKS = 30  # of a level, to say anything of it
MOST_DETAIL = 8.0  # code values between the cells of a block: letters that tremble are as even as noise is
CALMEST_SHARE = 0.1  # noise is alike in the calmest blocks and in the calm ones; motion is not
MOST_SPREAD, MOST_SPREAD_LAGGED = 1.75, 1.9  # of variances, calm over calmest: noise gives 1.3 to 1.6
# of the change of calm cells, the share that one shift of the whole picture explains: noise gives 0.00 to
# 0.08, a clean portrait held by a hand 0.2 to 0.7
MOST_SHIFT = 0.15


@dataclass(frozen=True)
class Noise:
    """Standard deviations of a still picture's noise in code values, by level of brightness.

    pixel   of single pixels
    cell    of the mean of a cell, 4x4 pixels
    block   of the mean of a block, 16x16 pixels
    chroma  of u and of v in the mean of 3x3 cells, whatever their brightness
    """

    pixel: Curve
    cell: Curve
    block: Curve
    chroma: npt.NDArray[np.float32]  # (2,)


def silent() -> Noise:
    """No noise at all: what is assumed before anything has been measured."""
    nothing = np.zeros(LEVELS, np.float32)
    return Noise(nothing, nothing, nothing, np.zeros(2, np.float32))


@dataclass(frozen=True)
class Seen:
    """What is kept of a picture to compare later ones with; see `see`."""

    small: Small
    chroma: npt.NDArray[np.float32]  # (2, h, w)
    rows: Plane  # the luma's compared rows


def see(small: Small, chroma: npt.NDArray[np.float32], luma: Plane) -> Seen:
    """What a meter looks at of a picture.

    small   (h, w), means of cells of 4x4
    chroma  (2, h, w), the same of u and v
    luma    (H, W), H and W being 4 times h and w
    """
    return Seen(small, chroma, np.ascontiguousarray(luma[ROW_STEP // 2 :: ROW_STEP]))


class NoiseMeter:
    """Follows the noise of a stream of pictures; it looks more rarely where there is none.

    Source: differences of co-located blocks, of which the calmest show no motion, as in libvpx's
    vp9_noise_estimate.c; here at three scales, since a camera's grain is correlated and a standard deviation
    at one scale does not give that at another.

    A measurement compares a picture with the one before it and with that of LAG frames before: of all
    pictures only these are seen, where `_left`, the frames that are left to the measurement, is LAG, 1 and 0.
    The next one follows EVERY frames later, where its LAGth picture is this one's last, or REST frames where
    all is silent; the first of all follows at once, and that after a cut once there are pictures to compare.
    """

    def __init__(self) -> None:
        self.noise = silent()
        self._past: dict[int, Seen] = {}  # by number
        self._number = 0
        self._is_known = False
        self._left = EVERY  # frames to the next measurement
        self._silent = 0  # measurements in a row

    def reset(self) -> None:
        """Forget the pictures but keep the estimate: after a cut it is most likely the same camera."""
        self._past.clear()
        if self._is_known:  # else it is measured as soon as that can be
            self._left = LAG + 1

    def measure(self, look: Callable[[], Seen]) -> Noise:
        """Take one picture in; returns the noise as known by now.

        look  `see`s the picture; called only where it is needed
        """
        self._number += 1
        self._left -= 1
        is_due = self._left == 0
        if not self._is_known or self._left in (LAG, 1, 0):
            seen = look()
            near, far = (self._past.get(self._number - lag) for lag in (1, LAG))
            if near and far and (is_due or not self._is_known):
                last = _compare(near, seen)
                self._follow(_join(last, _compare(far, seen)))
                # by what was seen, not by what came of it: motion may hide noise for a while
                is_silent = bool(np.nanmax(np.append(last[0].pixel, self.noise.pixel)) < SILENCE)
                self._silent = self._silent + 1 if is_silent else 0
            self._past = {n: then for n, then in self._past.items() if n > self._number - LAG}
            self._past[self._number] = seen
        if is_due:
            self._left = REST if self._silent >= SILENT_TIMES else EVERY
        return self.noise

    def _follow(self, found: Noise) -> None:
        inertia = INERTIA if self._is_known else 0.0
        self._is_known = True

        def mix(old: Curve, new: Curve) -> Curve:
            filled = fill_gaps(new, old)
            return (inertia * old + (1 - inertia) * filled).astype(np.float32)

        now = self.noise
        self.noise = Noise(
            mix(now.pixel, found.pixel),
            mix(now.cell, found.cell),
            mix(now.block, found.block),
            mix(now.chroma, found.chroma),
        )


def _compare(past: Seen, seen: Seen) -> tuple[Noise, Curve]:
    """The noise between two pictures, as if they were neighbours, and how unevenly it is spread, by level.

    A level that says nothing has nan and inf.
    """
    change = seen.small - past.small
    step = np.median(change[1::BLOCK, 1::BLOCK])  # of the light on all of it
    change = (change - step) * np.float32(np.sqrt(0.5))
    energies = (
        _row_energy(past.rows, seen.rows, step),
        _blocks(np.square(change)),
        np.square(_blocks(change)),
    )  # pixels', cells' and blocks', (height, width) each
    brightness = _blocks(seen.small)
    levels = level_of(brightness)
    is_flat = _blocks(np.square(seen.small)) - np.square(brightness) < MOST_DETAIL**2
    products = _shift_products(change, (seen.small + past.small) / np.float32(2))
    found = np.full((3, LEVELS), np.nan, np.float32)
    spread = np.full(LEVELS, np.inf, np.float32)
    for level in range(LEVELS):
        here = (levels == level) & is_flat
        if here.sum() >= FEWEST_BLOCKS:
            found[:, level] = [_calm_mean(energy[here]) for energy in energies]
            spread[level] = found[0, level] / max(1e-6, _calm_mean(energies[0][here], CALMEST_SHARE))
            if _explained(products[:, here], energies[0][here]) > MOST_SHIFT:
                spread[level] = np.inf
    chroma = [
        _calm_mean(_blocks(np.square(cv2.blur(now - then, (3, 3)))).ravel()) / 2
        for now, then in zip(seen.chroma, past.chroma, strict=True)
    ]
    pixel, cell, block = np.sqrt(found) * CALM_BIAS
    noise = Noise(pixel, cell, block, np.sqrt(chroma).astype(np.float32) * np.float32(CALM_BIAS))
    return noise, spread


def _shift_products(change: Small, picture: Small) -> npt.NDArray[np.float32]:
    """What a fit of a shift needs of each block, (6, height, width): means of products.

    A shift by v changes a picture by -v times its gradient, and noise does not know the gradient of the mean
    of both pictures. In order: xx, xy, yy of the gradient, its products x and y with the change, the change's
    square.
    """
    down, right = (np.asarray(each, np.float32) for each in np.gradient(picture))
    factors = ((right, right), (right, down), (down, down), (right, change), (down, change), (change, change))
    return np.stack([_blocks(one * other) for one, other in factors])


def _explained(products: npt.NDArray[np.float32], energies: npt.NDArray[np.float32]) -> float:
    """The share of the change of the calmest of N blocks that one shift explains, 0..1.

    products  (6, N), as `_shift_products` gives them
    energies  (N,), by which the calmest are chosen
    """
    calm = np.argpartition(energies, max(0, int(len(energies) * CALM_SHARE) - 1))
    xx, xy, yy, x, y, square = products[:, calm[: max(1, int(len(energies) * CALM_SHARE))]].sum(1, np.float64)
    determinant = xx * yy - xy * xy
    if square <= 0 or determinant <= 1e-9 * max(1e-9, xx * yy):
        return 0.0
    return float((yy * x * x - 2 * xy * x * y + xx * y * y) / determinant / square)


def _blocks(small: Small) -> npt.NDArray[np.float32]:
    """Means of whole blocks of cells, (height, width)."""
    height, width = (side // BLOCK for side in small.shape)
    kept = small[: height * BLOCK, : width * BLOCK]
    return np.asarray(cv2.resize(kept, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _calm_mean(energies: npt.NDArray[np.float32], share: float = CALM_SHARE) -> float:
    """The mean of the calmest of (N,) blocks."""
    calm = max(1, int(len(energies) * share))
    return float(np.partition(energies, calm - 1)[:calm].mean())


def level_of(brightness: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """The level, 0..LEVELS-1, of code values 0..255."""
    return np.minimum(brightness * (LEVELS / 256), LEVELS - 1).astype(np.intp)


def table_of(curve: Curve) -> npt.NDArray[np.float32]:
    """A curve's value for each code value, (256,): linear between the middles of its levels."""
    middles = (np.arange(LEVELS) + 0.5) * (256 / LEVELS)
    return np.interp(np.arange(256), middles, curve).astype(np.float32)


def fill_gaps(curve: Curve, spare: Curve) -> Curve:
    """Give levels of which nothing is known (nan) what their neighbours have; all of `spare` if none is."""
    known = np.isfinite(curve)
    if known.all():
        return curve
    if not known.any():
        return spare
    places = np.arange(LEVELS)
    return np.interp(places, places[known], curve[known]).astype(np.float32)


def _row_energy(before: Plane, after: Plane, step: np.float32) -> npt.NDArray[np.float32]:
    """Half the mean squared difference of the compared rows, by block, (height, width)."""
    side = 4 * BLOCK
    count = side // ROW_STEP  # compared rows a block
    height, width = before.shape[0] // count, before.shape[1] // side
    kept = np.s_[: height * count, : width * side]
    change = np.subtract(after[kept], before[kept], dtype=np.float32) - step
    energy = cv2.resize(np.square(change), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(energy / 2, np.float32)


def _join(near: tuple[Noise, Curve], far: tuple[Noise, Curve]) -> Noise:
    """The noise by neighbouring frames and by distant ones.

    A level is motion if the latter differ by more than lasting noise explains, or if its calm blocks differ
    among themselves: then it has no more noise than its neighbours, and nan if all are.
    """
    (one, spread), (other, spread_lagged) = near, far
    with np.errstate(invalid="ignore"):
        moves = ~(other.cell <= MOST_LAGGED * one.cell + ROUNDING)
    moves |= (spread > MOST_SPREAD) | (spread_lagged > MOST_SPREAD_LAGGED)

    def join(here: Curve, there: Curve) -> Curve:
        value = np.fmax(here, np.minimum(there, MOST_LAGGED * here))
        trusted = np.where(moves, np.nan, value).astype(np.float32)
        filled = fill_gaps(trusted, trusted)
        least = np.where(np.isnan(filled), np.nan, np.fmin(value, filled))
        return np.where(moves, least, value).astype(np.float32)

    chroma = np.fmax(one.chroma, np.minimum(other.chroma, MOST_LAGGED * one.chroma))
    if moves.all():
        chroma = np.full_like(chroma, np.nan)
    return Noise(
        join(one.pixel, other.pixel), join(one.cell, other.cell), join(one.block, other.block), chroma
    )
