"""What did not change need not be computed again: the same cells give the same residual."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vcam.restore.cells import Cells

MOST = 0.85  # of the picture: above, one run over all of it costs less than cutting and pasting


class Local(Protocol):
    """What is used of a network; see vcam.restore.model.Network."""

    @property
    def reach(self) -> int: ...

    def residual(self, cells: Cells) -> Cells: ...


@dataclass(frozen=True)
class Box:
    """A rectangle of cells, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    def grown(self, by: int, rows: int, columns: int) -> "Box":
        """Larger by so many cells on each side, within rows x columns."""
        return Box(
            max(0, self.top - by),
            min(rows, self.bottom + by),
            max(0, self.left - by),
            min(columns, self.right + by),
        )


class StillCells:
    """Runs a network where its input changed since the last frame, and keeps the rest, bit for bit.

    done  share of the cells that the last frame was computed for, 0..1
    """

    def __init__(self) -> None:
        self.done = 1.0
        self._network: Local | None = None
        self._cells: Cells | None = None
        self._residual: Cells | None = None

    def residual(self, network: Local, cells: Cells) -> Cells:
        """The residual of (1, h, w, c) cells, same shape: good until the next call, which writes into it."""
        last, residual = self._cells, self._residual
        is_same = network is self._network and last is not None and last.shape == cells.shape
        self._network, self._cells = network, cells
        if not (network.reach and is_same) or last is None or residual is None:
            return self._run_all(network, cells)
        _, rows, columns, _ = cells.shape
        changed = find_change(last, cells)
        if changed is None:
            self.done = 0.0
            return residual
        wanted = changed.grown(network.reach, rows, columns)  # whose residual may be another one
        needed = wanted.grown(network.reach, rows, columns)  # what these depend on
        if needed.area > MOST * rows * columns:
            return self._run_all(network, cells)
        part = np.ascontiguousarray(cells[:, needed.top : needed.bottom, needed.left : needed.right])
        found = network.residual(part)
        top, left = wanted.top - needed.top, wanted.left - needed.left
        height, width = wanted.bottom - wanted.top, wanted.right - wanted.left
        residual[:, wanted.top : wanted.bottom, wanted.left : wanted.right] = found[
            :, top : top + height, left : left + width
        ]
        self.done = needed.area / (rows * columns)
        return residual

    def _run_all(self, network: Local, cells: Cells) -> Cells:
        self.done = 1.0
        self._residual = network.residual(cells)
        return self._residual


def find_change(before: Cells, after: Cells) -> Box | None:
    """The smallest rectangle that holds all cells which differ, of two (1, h, w, c); None if none does."""
    _, rows, columns, channels = after.shape
    word = np.dtype(f"u{min(8, channels)}")  # whole words at a time: eight times as fast as bytes
    differs = before[0].reshape(rows, -1).view(word) != after[0].reshape(rows, -1).view(word)
    (where,) = differs.any(axis=1).nonzero()
    if not len(where):
        return None
    top, bottom = int(where[0]), int(where[-1]) + 1
    (across,) = differs[top:bottom].any(axis=0).nonzero()
    words_a_cell = differs.shape[1] // columns
    return Box(top, bottom, int(across[0]) // words_a_cell, int(across[-1]) // words_a_cell + 1)
