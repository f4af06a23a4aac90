"""Frames fused over time: what stands still is averaged before the network, what moves is left alone."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Frame, Plane
from vcam.restore.cells import ZERO_RESIDUAL, Cells, pad_to
from vcam.restore.gate import Means, by_brightness, find_step, find_still
from vcam.restore.noise import LEVELS, Curve, NoiseMeter, Seen, Small, see

Cellwise: TypeAlias = npt.NDArray[np.bool_]  # (h, w): one value a cell

CELL = 4  # side of a cell of luma in pixels; of chroma 2
LUMA, CONTEXT = CELL * CELL, 4  # values a cell

FULL_DEPTH = 8  # frames: the last one's share in a mean is one in so many at least
LEAST_NOISE = 0.8  # code values: below, the noise may as well be a picture's own
LEAST_COLOUR_NOISE = 0.25  # code values, of the mean of 3x3 cells: below, colours are left as they come
LASTING = 0.75  # times the least noise: what is fused stays so down to here, or it would come and go
LEAST_STEP = 0.6  # code values: a smaller change of the whole picture is left to the means to follow
# a still cell stays as it was handed on, bit for bit, until its mean has moved by more than this and this
# share of the noise that is left in a pixel of it, or is of so many times more frames
HOLD, HOLD_NOISE, HOLD_FRAMES = 0.5, 0.5, 1.5
YOUNG = 6.0  # frames: a mean of fewer is handed on at every frame
# and until its pixels, which are compared more rarely, differ by more than this and so many times that noise;
# of two means that have nothing in common, noise alone makes 1.1
DETAIL_EVERY, DETAIL_HOLD, DETAIL_NOISE = 8, 0.5, 1.5
OF_PIXELS = 6.0  # times the noise of a mean of 3x3 cells of colour, that of its pixels: white noise's
STEADY = 0.15  # relative change of the noise up to which the network is told the old one
AGE_UNIT, NOISE_UNIT, LOG_UNIT = 8, 8, 32  # what the network is told is 128 and this times the figure
CHUNK = 8192  # cells worked on at a time: their means stay in a core's cache


@dataclass(frozen=True)
class Fused:
    """A picture after fusion.

    frame   the same size, index and time as the frame that was fused
    cells   (1, h, w, 20) uint8: a cell's luma, then what is known of it (`tell`)
    """

    frame: Frame
    cells: Cells


class Fusion:
    """A recursive mean of frames, cell by cell, as deep as the cell has stood still.

    depth  1..FULL_DEPTH: the last frame's share in a mean is one in so many; 1 leaves every frame as it is

    The state is the fused input, never what was restored from it, so that nothing the network invents is
    ever averaged. A cell stands still while it differs from its mean by no more than noise does (`gate`),
    which is measured again and again (`noise`). Where there is none, as in a clean file or behind a codec,
    nothing is averaged. Two pictures' brightness may differ as a whole: the means follow at once, so that
    exposure and mains flicker neither leave ghosts nor pump.
    """

    def __init__(self, depth: float = FULL_DEPTH) -> None:
        self.depth = depth
        self._meter = NoiseMeter()
        self._told: Curve = np.zeros(LEVELS, np.float32)  # the noise that the network is told
        self._size = (0, 0)
        self._state: _State | None = None  # while there is something to fuse

    def __call__(self, frame: Frame) -> Fused:
        """Take the next picture in; frames that are missing between two do no harm."""
        picture = _Picture(frame)
        if frame.is_cut or frame.size != self._size:
            self._meter.reset()
            self._state = None
        self._size, state = frame.size, self._state
        noise = self._meter.measure(picture.see)
        self._tell(noise.pixel)
        if self.depth <= 1 or noise.pixel.max() < LEAST_NOISE * (LASTING if state else 1):
            self._state = None
            return self._pass(picture)
        if state is None:
            self._state = _State(picture)
            return self._pass(picture)
        least = LEAST_COLOUR_NOISE * (LASTING if state.has_colour else 1)
        state.has_colour = bool(noise.chroma.max() > least)
        step = find_step(picture.means.luma, state.means.luma)
        if abs(step).max() >= LEAST_STEP:
            state.shift(step)
        still = find_still(picture.means, state.means, state.age, noise)
        state.follow(picture, still, self.depth)
        return state.hand_on(picture, self._told, noise.chroma)

    def _pass(self, picture: "_Picture") -> Fused:
        """A single frame, as it came."""
        if not self._told.any():  # no need for the means then: it is what `tell` makes of no noise
            return Fused(picture.frame, extend(picture.y, np.full(CONTEXT, ZERO_RESIDUAL, np.uint8)))
        told = tell(np.ones(picture.shape, np.float32), by_brightness(self._told, picture.means.luma))
        return Fused(picture.frame, extend(picture.y, told))

    def _tell(self, pixel: Curve) -> None:
        """Keep what the network is told steady: each change of it makes every cell another one."""
        if (abs(pixel - self._told) > np.maximum(0.25, STEADY * self._told)).any():
            self._told = pixel.copy()


class _Picture:
    """One frame as fusion works on it, padded to whole cells."""

    def __init__(self, frame: Frame) -> None:
        half = CELL // 2
        self.frame, self.size = frame, frame.size
        self.y, self.u, self.v = pad_to(frame.y, CELL), pad_to(frame.u, half), pad_to(frame.v, half)
        self.shape = self.y.shape[0] // CELL, self.y.shape[1] // CELL

    @cached_property
    def means(self) -> Means:
        luma, *colours = (_means(plane, self.shape) for plane in (self.y, self.u, self.v))
        return Means(luma, np.stack(colours))

    def see(self) -> Seen:
        return see(self.means.luma, self.means.colours, self.y)


def _means(plane: Plane, shape: tuple[int, int]) -> Small:
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)


class _State:
    """The means of all cells, and what was handed on of them.

    age     (h, w): the next frame's share in a mean is one in so many and one
    frames  (h, w): the mean is as good as one of so many frames
    has_colour  whether the colours are noisy, too; else they are left as they come
    """

    def __init__(self, picture: _Picture) -> None:
        self.size, self.shape = picture.size, picture.shape
        self.means = Means(picture.means.luma.copy(), picture.means.colours.copy())
        self.age = np.ones(self.shape, np.float32)
        self.frames = np.ones(self.shape, np.float32)
        self.has_colour = False
        self._luma = _Mean(picture.y, CELL)
        self._chroma: list[_Mean] = []  # of noisy colours alone: others' means would be out of date
        self._coloured = 0  # frames that these are of
        self._told = np.zeros((*self.shape, CONTEXT), np.uint8)
        self._shown_mean = np.full(self.shape, -1000, np.float32)  # nothing was handed on yet
        self._shown_frames = np.ones(self.shape, np.float32)
        self._shown_colours = self.means.colours.copy()
        self._handed_on = 0  # frames

    def shift(self, step: Curve) -> None:
        """Follow a change of the whole picture's brightness, code values by level."""
        change = by_brightness(step, self.means.luma)
        self.means.luma += change
        self._luma.shift(change)

    def follow(self, picture: _Picture, still: Small, depth: float) -> None:
        """Move the means of still cells (`still` 1) and start those that move (0) again."""
        age = np.minimum(self.age * still + 1, depth)
        self.age = np.where(age < 1.5, np.float32(1), age)
        weight = np.float32(1) / self.age
        self.frames = 1 / (np.square(1 - weight) / self.frames + np.square(weight))
        self.means.luma += weight * (picture.means.luma - self.means.luma)
        self.means.colours += weight * (picture.means.colours - self.means.colours)
        shares = weight.astype(np.float32)
        self._luma.follow(picture.y, shares)
        planes = (picture.u, picture.v)
        self._coloured = self._coloured + 1 if self.has_colour else 0
        if not self.has_colour:
            self._chroma = []
        elif not self._chroma:
            self._chroma = [_Mean(plane, CELL // 2) for plane in planes]
        else:
            for mean, plane in zip(self._chroma, planes, strict=True):
                mean.follow(plane, np.maximum(shares, np.float32(1 / self._coloured)))

    def hand_on(self, picture: _Picture, told: Curve, chroma: npt.NDArray[np.float32]) -> Fused:
        """The fused picture: what is worth it of the means, and what was handed on before of the rest.

        told    the noise of luma's pixels, by level
        chroma  that of u's and v's means of 3x3 cells, (2,)
        """
        noise = by_brightness(told, self.means.luma)
        left = noise / np.sqrt(self.frames)
        drift = abs(self.means.luma - self._shown_mean)
        is_better = (self.frames < YOUNG) | (self.frames > HOLD_FRAMES * self._shown_frames)
        chosen = is_better | (drift > HOLD + HOLD_NOISE * left)
        self._handed_on += 1
        if self._handed_on % DETAIL_EVERY == 0:
            chosen |= self._luma.change() > DETAIL_HOLD + DETAIL_NOISE * left
        # by OpenCV: where places are chosen here and there, numpy takes thirty times as long
        mask = chosen.view(np.uint8)
        cv2.copyTo(self.means.luma, mask, self._shown_mean)
        cv2.copyTo(self.frames, mask, self._shown_frames)
        cv2.copyTo(tell(self.frames, noise), mask, self._told)
        width, height = self.size
        frame = replace(picture.frame, y=self._luma.show(chosen)[:height, :width].copy())
        if self._chroma:
            recoloured = self._recoloured(chosen, chroma)
            u, v = (mean.show(recoloured)[: height // 2, : width // 2].copy() for mean in self._chroma)
            frame = replace(frame, u=u, v=v)
        return Fused(frame, extend(self._luma.shown, self._told))

    def _recoloured(self, chosen: Cellwise, chroma: npt.NDArray[np.float32]) -> Cellwise:
        """The cells whose colours are to be handed on: those of chosen luma, and those that have moved."""
        if self._coloured <= 2 * FULL_DEPTH:
            chosen = np.ones_like(chosen)
        else:
            limits = HOLD + HOLD_NOISE * OF_PIXELS * chroma[:, None, None] / np.sqrt(self.frames)
            chosen = chosen | (abs(self.means.colours - self._shown_colours) > limits).any(axis=0)
        for mean, shown in zip(self.means.colours, self._shown_colours, strict=True):
            cv2.copyTo(mean, chosen.view(np.uint8), shown)
        return chosen


class _Mean:
    """Means of a plane's pixels, exact and as they were handed on, (H, W) each, of whole cells of (h, w).

    cell  side of a cell in pixels
    """

    def __init__(self, plane: Plane, cell: int) -> None:
        self.shown = plane.copy()
        self._cell = cell
        self._exact = plane.astype(np.float32)
        self._whole = plane.copy()  # the exact ones as code values

    def shift(self, change: Small) -> None:
        """Add a change (h, w) to cells; no mean becomes less than 0."""
        exact = self._by_cells(self._exact)
        exact += self._widened(change)
        np.maximum(exact, 0, out=exact)

    def follow(self, fresh: Plane, shares: Small) -> None:
        """Move towards what is fresh (H, W) by shares (h, w) in 0..1."""
        shares = self._widened(shares)
        rows = max(1, CHUNK // (fresh.shape[1] // self._cell))
        for start in range(0, len(shares), rows):
            cells = slice(start, start + rows)
            pixels = slice(start * self._cell, (start + rows) * self._cell)
            exact = self._exact[pixels]
            change = fresh[pixels].astype(np.float32)
            change -= exact
            moved = self._by_cells(change)
            moved *= shares[cells]
            exact += change
            cv2.convertScaleAbs(exact, self._whole[pixels])

    def change(self) -> Small:
        """By how much a pixel of each cell differs from what was handed on, in the mean (h, w)."""
        height, width = (side // self._cell for side in self.shown.shape)
        change = cv2.absdiff(self._whole, self.shown)
        return cv2.resize(change, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)

    def show(self, which: Cellwise) -> Plane:
        """Hand on the cells (h, w) that are chosen as they are now; the plane is written into again."""
        mask = (-which.astype(f"i{self._cell}")).view(np.uint8)  # -1 is all bits of a word, a row of a cell
        for row in range(self._cell):
            rows = slice(row, None, self._cell)
            cv2.copyTo(self._whole[rows], mask, self.shown[rows])
        return self.shown

    def _by_cells(self, plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A plane as (h, cell, W): rows of cells, and rows of pixels in them."""
        return plane.reshape(-1, self._cell, plane.shape[1])

    def _widened(self, small: Small) -> Small:
        """Values of cells (h, w) for rows of pixels, (h, 1, W)."""
        height, width = small.shape
        wide = cv2.resize(small, (width * self._cell, height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(wide, np.float32)[:, None]


def extend(luma: Plane, told: npt.NDArray[np.uint8]) -> Cells:
    """Cells (1, h, w, 20) of a luma plane of whole cells and what is known of each: (h, w, 4), or (4,)."""
    rows, columns = luma.shape[0] // CELL, luma.shape[1] // CELL
    cells = np.empty((rows, columns, (LUMA + CONTEXT) // CELL), "u4")
    cells[..., : LUMA // CELL] = luma.view("u4").reshape(rows, CELL, columns).transpose(0, 2, 1)
    cells[..., LUMA // CELL :] = told.view("u4")
    return cells.view(np.uint8).reshape(1, rows, columns, LUMA + CONTEXT)


def tell(frames: Small, noise: Small) -> npt.NDArray[np.uint8]:
    """What the network is told of each cell, (h, w, 4) uint8, ZERO_RESIDUAL being nothing.

    frames  (h, w), frames that it is the mean of
    noise   (h, w), standard deviation of one frame's pixels in code values

    The frames beyond the first; the noise of one; what fusion left of it; the logarithm of that. A single
    frame of unknown noise is ZERO_RESIDUAL everywhere.
    """
    left = noise / np.sqrt(frames)
    figures = ((frames - 1) * AGE_UNIT, noise * NOISE_UNIT, left * NOISE_UNIT, np.log2(1 + left) * LOG_UNIT)
    told = cv2.merge([cv2.convertScaleAbs(figure, beta=ZERO_RESIDUAL) for figure in figures])
    return np.asarray(told, np.uint8)
