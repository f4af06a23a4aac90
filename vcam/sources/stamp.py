"""Number and time written into a picture as black and white cells, large enough to survive a video call.

    24 x 4 cells, row by row, most significant bit first, white = 1:
    32 bits frame index | 48 bits clock in milliseconds | 16 bits CRC-16-CCITT of the ten bytes before

The grid lies at the same place of the picture at every size of one shape, so it can be read after the
picture was scaled as a whole; not after it was cut or padded.
"""

import binascii
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import Frame, Plane

COLUMNS, ROWS = 24, 4
INDEX_BYTES, CLOCK_BYTES, CRC_BYTES = 4, 6, 2
STAMP_BAND = 0.3  # of the height, at the top: the cells and a margin of one
CELLS_ACROSS, CELLS_DOWN = 27, 20  # of the whole picture; the tighter one sets the cell's side
DARK_Y, LIGHT_Y = 16, 235
MIN_CONTRAST = 60  # code values between the darkest and the lightest cell; less is no stamp
CRC_START = 0xFFFF


@dataclass(frozen=True)
class Stamp:
    """What is written into a frame: `index` modulo 2**32, `clock_ms` modulo 2**48."""

    index: int
    clock_ms: int


def draw_stamp(luma: Plane, stamp: Stamp) -> None:
    """Write the stamp into the top of a luma plane (H, W) uint8, in place."""
    cell = _cell_side(luma)
    width, height = max(COLUMNS, round(COLUMNS * cell)), max(ROWS, round(ROWS * cell))
    cells = np.where(_to_bits(stamp), LIGHT_Y, DARK_Y).astype(np.uint8)  # (ROWS, COLUMNS)
    block = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)
    top, left = round(cell), round((luma.shape[1] - width) / 2)
    target = luma[top : top + height, max(0, left) : max(0, left) + width]
    target[:] = block[: target.shape[0], : target.shape[1]]


def read_stamp(frame: Frame) -> Stamp | None:
    """The stamp of a frame that came from a PatternSource, scaled or coded since; None if there is none.

    A damaged stamp gives None, not a wrong one: 1 in 65536 of them passes the checksum.
    """
    levels = _sample(frame.y)
    dark, light = levels.min(), levels.max()
    if light - dark < MIN_CONTRAST:
        return None
    return _from_bits(levels > (dark + light) / 2)


def _cell_side(luma: Plane) -> float:
    """Pixels a side of one cell; not whole, so that it scales exactly as the picture does."""
    height, width = luma.shape
    return min(width / CELLS_ACROSS, height / CELLS_DOWN)


def _sample(luma: Plane) -> npt.NDArray[np.float64]:
    """The mean level of the middle of each cell, (ROWS, COLUMNS)."""
    cell = _cell_side(luma)
    left, reach = (luma.shape[1] - COLUMNS * cell) / 2, max(0.5, cell / 4)
    levels = np.empty((ROWS, COLUMNS))
    for row in range(ROWS):
        for column in range(COLUMNS):
            y, x = (row + 1.5) * cell, left + (column + 0.5) * cell
            levels[row, column] = luma[_span(y, reach), _span(x, reach)].mean()
    return levels


def _span(centre: float, reach: float) -> slice:
    start = int(centre - reach + 0.5)
    return slice(start, max(start + 1, int(centre + reach + 0.5)))


def _to_bits(stamp: Stamp) -> npt.NDArray[np.bool_]:
    index = stamp.index % 2 ** (8 * INDEX_BYTES)
    clock_ms = stamp.clock_ms % 2 ** (8 * CLOCK_BYTES)
    body = index.to_bytes(INDEX_BYTES, "big") + clock_ms.to_bytes(CLOCK_BYTES, "big")
    code = body + binascii.crc_hqx(body, CRC_START).to_bytes(CRC_BYTES, "big")
    return np.unpackbits(np.frombuffer(code, np.uint8)).reshape(ROWS, COLUMNS).astype(np.bool_)


def _from_bits(bits: npt.NDArray[np.bool_]) -> Stamp | None:
    code = np.packbits(bits).tobytes()
    body, crc = code[:-CRC_BYTES], int.from_bytes(code[-CRC_BYTES:], "big")
    if binascii.crc_hqx(body, CRC_START) != crc:
        return None
    return Stamp(int.from_bytes(body[:INDEX_BYTES], "big"), int.from_bytes(body[INDEX_BYTES:], "big"))
