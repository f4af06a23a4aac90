"""The grid that students work on: cells of pixels as channels, all in uint8."""

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Plane, Size

Cells = npt.NDArray[np.uint8]  # (1, H/cell, W/cell, cell*cell)

ZERO_RESIDUAL = 128
STEADINESS = 8  # how soon smaller shares of a residual are rounded towards zero
STRIP_ROWS = 3  # of cells: what a 3x3 convolution needs
STRIP_EVERY = 8  # rows of cells: three in eight say enough of a picture's damage


def to_cells(luma: Plane, cell: int) -> Cells:
    """Copy a luma plane (H, W) into cells (1, ceil(H/cell), ceil(W/cell), cell*cell).

    Rows and columns that are missing from the last cells repeat the picture's edge.
    """
    luma = pad_to(luma, cell)
    rows, columns = luma.shape[0] // cell, luma.shape[1] // cell
    # one row of a cell is one machine word: moving words instead of bytes is five times as fast
    words = luma.view(f"u{cell}").reshape(rows, cell, columns)
    return np.ascontiguousarray(words.transpose(0, 2, 1)).view(np.uint8).reshape(1, rows, columns, -1)


def from_cells(cells: Cells, cell: int, size: Size) -> Plane:
    """The inverse of `to_cells`: a plane of `size` (width, height); what the padding added is cut off.

    Of cells with more channels than pixels, the first ones are the pixels.
    """
    width, height = size
    _, rows, columns, _ = cells.shape
    words = cells.view(f"u{cell}").reshape(rows, columns, -1)[..., :cell]
    plane = np.ascontiguousarray(words.transpose(0, 2, 1)).view(np.uint8)
    return plane.reshape(rows * cell, columns * cell)[:height, :width]


def add_residual(luma: Plane, residual: Plane, share: float) -> Plane:
    """A luma plane (H, W) with a share, 0..1, of the residual, (H, W) uint8, that a network gave for it.

    Most residuals are of one code value: if 0.6 of it were rounded to the nearest, all of it would be added.
    So parts are rounded towards zero; only shares near 1 come to rounding to the nearest, without a jump.
    """
    if share < 1:
        residual = cv2.LUT(residual, _parts(share))
    return cv2.addWeighted(luma, 1, residual, 1, -ZERO_RESIDUAL)


def _parts(share: float) -> Plane:
    """What is added of each residual, (256,) uint8, ZERO_RESIDUAL being nothing."""
    residual = np.arange(256) - ZERO_RESIDUAL
    size = np.floor(share * np.abs(residual) + share**STEADINESS / 2)
    return (np.sign(residual) * size + ZERO_RESIDUAL).astype(np.uint8)


def pad_to(plane: Plane, cell: int) -> Plane:
    """A plane of whole cells: rows and columns that are missing repeat the picture's edge."""
    below, right = (-side % cell for side in plane.shape)
    if not (below or right):
        return plane
    return cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REPLICATE)


def to_strips(cells: Cells) -> Cells:
    """Copy every STRIP_EVERY-th three rows of cells (1, h, w, c) into strips (N, 3, w, c).

    A picture of fewer rows is one strip, its last row repeated where there are not even three.
    """
    _, rows, columns, channels = cells.shape
    count = rows // STRIP_EVERY
    if not count:
        picked = np.minimum(np.arange(STRIP_ROWS), rows - 1)
        return np.ascontiguousarray(cells[:, picked])
    grouped = cells[0, : count * STRIP_EVERY].reshape(count, STRIP_EVERY, columns, channels)
    return np.ascontiguousarray(grouped[:, :STRIP_ROWS])  # (N, 3, w, c)
