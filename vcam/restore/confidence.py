"""How much of a residual to add: by what the picture and the residual look like beside each other.

A network sees 20 pixels at most around each, and cannot tell the fine grain of a good picture from what a
codec left of it. Figures of the whole picture can: how much the residual changes where the picture is calm,
and whether it follows the picture's detail or opposes it.
"""

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vcam.restore.cells import ZERO_RESIDUAL, Cells
from vcam.restore.fusion import AGE_UNIT

Figures = npt.NDArray[np.float32]  # (1, FIGURES)
Confidence = npt.NDArray[np.float32]  # (looks,), each 0..1

CELL = 4  # side of the cells in pixels
MOST_CELLS = 8_000  # of a picture: more are thinned out, row by row
PARTS = 4  # quarters of the cells, from the calmest to the busiest
LEAST_ENERGY = 0.01  # code values squared, added before a logarithm
COSINES = CELL * CELL - 1  # of a cell, without the mean
FIGURES = 3 + 2 * COSINES + 2 * PARTS + 2

LOOK_EVERY = 15  # frames: half a second
FIRST_WAIT = 1  # frames from a new scene's estimate to the next; then twice as long, up to LOOK_EVERY
INERTIA = 0.5  # how much of the last confidence stays, but for the first half second
TOLERANCE = 0.05  # a change up to this is left out: the picture must not pump


def _cosine_matrix() -> npt.NDArray[np.float32]:
    """The orthonormal DCT-II of a cell, (CELL**2, CELL**2): pixels to coefficients, the mean first."""
    rows = [cv2.dct(np.eye(CELL * CELL, dtype=np.float32)[k].reshape(CELL, CELL)) for k in range(CELL * CELL)]
    return np.stack([row.reshape(-1) for row in rows])


_COSINES = _cosine_matrix()


def figures_of(cells: Cells, residual: Cells, scale: float) -> Figures:
    """What a confidence is estimated by, (1, FIGURES).

    cells     (1, h, w, 16 or more) uint8: the luma of 4x4 pixels, then, of a fused picture, what fusion knows
    residual  (1, h, w, 16) uint8: what the network would add, plus 128
    scale     how much larger the output is than the frame as it came, in pixels of a side

    They are: how it was scaled and fused; logarithms of the energies of each coefficient of the cells' DCT,
    of picture and residual, and of both in four quarters of the cells, from the calmest to the busiest; how
    far the residual repeats the detail of the picture (1) or takes it away (-1).
    """
    _, rows, columns, _ = cells.shape
    step = max(1, round(rows * columns / MOST_CELLS))
    start = step // 2 if rows > step // 2 else 0
    seen, added = cells[0, start::step], residual[0, start::step]
    picture, change = _coefficients(seen), _coefficients(added)
    both = float((picture[1:] * change[1:]).sum())
    detail, changed = np.square(picture[1:]), np.square(change)
    busy, total = _summed(detail), changed.sum(0)
    alike = both / np.sqrt(float(busy.sum()) * float(changed[1:].sum()) + 1e-6)
    quarters = np.array_split(np.argsort(busy), PARTS)
    age, noise = _told(seen)
    figures = [
        np.clip(np.log2(scale), -1, 3),
        age,
        noise,
        *_log(detail.mean(1)),
        *_log(changed[1:].mean(1)),
        *_log(np.array([busy[part].mean() for part in quarters])),
        *_log(np.array([total[part].mean() for part in quarters])),
        _log(total.mean()),
        alike,
    ]
    return np.array([figures], np.float32)


def _coefficients(cells: Cells) -> npt.NDArray[np.float32]:
    """The DCT of each cell (..., 16 or more), (16, N): sums over the cells are then sums along rows."""
    flat = cells[..., : CELL * CELL].reshape(-1, CELL * CELL).astype(np.float32)
    flat -= ZERO_RESIDUAL
    # numpy's own product wakes threads of its BLAS, which then spin beside the camera's
    product = cv2.gemm(flat, _COSINES, 1.0, None, 0.0)  # type: ignore[call-overload]  # None: no sum
    return np.asarray(cv2.transpose(product), np.float32)


def _summed(detail: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sum of each column (15, N), added in the order in which the published files were fitted.

    A busyness that is rounded otherwise puts cells of a flat picture, which are alike, into other quarters.
    """
    first = ((detail[0] + detail[1]) + (detail[2] + detail[3])) + (
        (detail[4] + detail[5]) + (detail[6] + detail[7])
    )
    for row in detail[8:]:
        first += row
    return first


def _told(seen: Cells) -> tuple[float, float]:
    """Frames beyond the first that the cells are means of, and the logarithm of the noise of one."""
    if seen.shape[-1] == CELL * CELL:
        return 0.0, 0.0
    age, noise = (
        float(seen[..., CELL * CELL + told].astype(np.float32).mean()) - ZERO_RESIDUAL for told in range(2)
    )
    return age / AGE_UNIT, float(np.log1p(max(0.0, noise)))


def _log(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.log(energy + LEAST_ENERGY)
    return found


class Trusted(Protocol):
    """What is used of a student; see vcam.restore.model.Model."""

    @property
    def has_confidence(self) -> bool: ...

    def confidence(self, figures: Figures) -> Confidence: ...


class Confident:
    """The confidence in a network's residuals, followed over a stream of frames.

    It is estimated twice a second, at once when the network changes, and more often after a new scene, while
    fusion deepens; small changes of it are left out, so that the picture does not pump.

    For each frame `is_due` says whether its residual is to be looked at, `look` does that, and `share` is
    what it comes to: a frame that is not looked at needs no residual if its share is nothing.
    """

    def __init__(self, model: Trusted) -> None:
        self._model = model
        self._network: object = None
        self._frames = 0  # since the last estimate
        self._wait = FIRST_WAIT  # frames from the last estimate to the next
        self._estimate: Confidence | None = None
        self._is_new = False
        self._used = 1.0

    def is_due(self, network: object, is_cut: bool) -> bool:
        """Whether the next frame is to be looked at; asked once a frame.

        network  whose residual it gets
        """
        if not self._model.has_confidence:
            return False
        self._is_new = is_cut or self._estimate is None
        self._frames += 1
        if not (self._is_new or network is not self._network or self._frames >= self._wait):
            return False
        self._network, self._frames = network, 0
        self._wait = FIRST_WAIT if self._is_new else min(2 * self._wait, LOOK_EVERY)
        return True

    def look(self, cells: Cells, residual: Cells, scale: float) -> None:
        """Estimate it by a frame that is due; arguments as in `figures_of`."""
        found = self._model.confidence(figures_of(cells, residual, scale))
        last = found if self._estimate is None else self._estimate
        inertia = INERTIA if self._wait == LOOK_EVERY else 0.0
        self._estimate = inertia * last + (1 - inertia) * found

    def share(self, crispness: float) -> float:
        """How much of this frame's residual to add, 0..1.

        crispness  as in Restorer: the confidence is mixed of those in the looks as the looks are
        """
        if self._estimate is None:
            return 1.0
        return self._settle(self._mixed(self._estimate, crispness))

    @staticmethod
    def _mixed(estimate: Confidence, crispness: float) -> float:
        return float((1 - crispness) * estimate[0] + crispness * estimate[-1])

    def _settle(self, wanted: float) -> float:
        """The confidence in use: moved where it is off by more than the tolerance, or at its ends."""
        if self._is_new or abs(wanted - self._used) > TOLERANCE or wanted in (0.0, 1.0):
            self._used = wanted
        return self._used
