"""Which cells stand still: told from means alone, so that it costs next to nothing."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.restore.noise import LEVELS, Curve, Noise, Small, fill_gaps, level_of, table_of

Colours: TypeAlias = npt.NDArray[np.float32]  # (2, h, w): means of u and of v

# what still cells, blocks and colours differ by at most, in their standard deviations and these code values
CELL_LIMIT, BLOCK_LIMIT, COLOUR_LIMIT = 4.0, 4.5, 6.0
CELL_FLOOR, BLOCK_FLOOR, COLOUR_FLOOR = 0.05, 0.12, 0.3
MOST_STEP = 6.0  # code values: a change of brightness of the whole picture up to this is the exposure's
FEWEST_CELLS = 32  # of a level that is looked at, to say anything of its brightness


@dataclass
class Means:
    """Means of a picture's cells: luma (h, w), and u and v (2, h, w), in code values."""

    luma: Small
    colours: Colours


def find_step(here: Small, there: Small) -> Curve:
    """How much brighter a picture is than another as a whole, by level; 0 where that is no exposure's doing.

    here, there     (h, w) means of their cells
    """
    here, there = here[1::4, 1::4], there[1::4, 1::4]
    change, levels = here - there, level_of(there)
    found = np.full(LEVELS, np.nan, np.float32)
    for level in range(LEVELS):
        values = change[levels == level]
        if len(values) >= FEWEST_CELLS:
            found[level] = np.median(values)
    none = np.zeros(LEVELS, np.float32)
    step = fill_gaps(found, none)
    return step if abs(step).max() < MOST_STEP else none


def find_still(picture: Means, mean: Means, age: Small, noise: Noise) -> npt.NDArray[np.float32]:
    """How surely each cell stands still, (h, w) in 0..1: 1 within half of the limits, 0 beyond them.

    age     (h, w): frames that the mean is of; a young one has noise of its own

    A cell's difference from the mean shows what moves in it; that of the 4x4 cells around shows fainter
    motion, which a mean of 256 pixels brings out of the noise. Limits are in units of the noise that was
    measured at the same scale: grain is correlated, so that one scale says little of another.
    """
    spread = np.sqrt(1 + 1 / age)
    change = picture.luma - mean.luma
    cell = by_brightness(CELL_LIMIT * noise.cell, mean.luma) * spread + CELL_LIMIT * CELL_FLOOR
    block = by_brightness(BLOCK_LIMIT * noise.block, mean.luma) * spread + BLOCK_LIMIT * BLOCK_FLOOR
    worst = np.maximum(abs(change) / cell, abs(cv2.blur(change, (4, 4))) / block)
    for now, then, deviation in zip(picture.colours, mean.colours, noise.chroma, strict=True):
        limit = COLOUR_LIMIT * (deviation * spread + COLOUR_FLOOR)
        worst = np.maximum(worst, abs(cv2.blur(now - then, (3, 3))) / limit)
    return np.clip(2 - 2 * worst, 0, 1)


def by_brightness(curve: Curve, luma: Small) -> Small:
    """The value of a curve at each cell's brightness, (h, w)."""
    codes = cv2.convertScaleAbs(luma)
    return np.asarray(cv2.LUT(codes, table_of(curve)), np.float32)
