"""What did not change need not be computed again: the same cells give the same residual."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from vcam.restore.cells import Cells

BANDS = 12  # of rows, each with a rectangle of its own: fused pictures change here and there
RUN_COST = 2000  # cells that could be computed in the time that starting one more run takes


class Local(Protocol):
    """What is used of a network; see vcam.restore.model.Network."""

    @property
    def reach(self) -> int: ...

    @property
    def most(self) -> float: ...

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

    def joined(self, other: "Box") -> "Box":
        """The smallest one that holds both."""
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
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
        """The residual of (1, h, w, c) cells: good until the next call, which writes into it.

        Raises what the network raises; the next call then computes everything.
        """
        last, self._cells = self._cells, None  # until the run succeeds: it may have written a part
        is_same = network is self._network and last is not None and last.shape == cells.shape
        found = None
        if network.reach and is_same and last is not None and self._residual is not None:
            found = self._run_changed(network, last, cells, self._residual)
        if found is None:
            self.done = 1.0
            found = network.residual(cells)
        self._network, self._cells, self._residual = network, cells, found
        return found

    def skip(self) -> None:
        """Compute nothing of this frame: the next one is compared with the last that was computed."""
        self.done = 0.0

    def _run_changed(self, network: Local, last: Cells, cells: Cells, residual: Cells) -> Cells | None:
        """The last residual, computed again where the cells changed; None if that is nearly everywhere."""
        _, rows, columns, _ = cells.shape
        boxes = join_boxes(find_changes(last, cells), 2 * network.reach, rows, columns)
        needed = sum(box.grown(2 * network.reach, rows, columns).area for box in boxes)
        if needed > network.most * rows * columns:
            return None
        for box in boxes:
            _run_part(network, cells, residual, box)
        self.done = needed / (rows * columns)
        return residual


def _run_part(network: Local, cells: Cells, residual: Cells, changed: Box) -> None:
    """Write the residual of what a change reaches into the last one."""
    _, rows, columns, _ = cells.shape
    wanted = changed.grown(network.reach, rows, columns)  # whose residual may be another one
    needed = wanted.grown(network.reach, rows, columns)  # what these depend on
    part = np.ascontiguousarray(cells[:, needed.top : needed.bottom, needed.left : needed.right])
    found = network.residual(part)
    top, left = wanted.top - needed.top, wanted.left - needed.left
    height, width = wanted.bottom - wanted.top, wanted.right - wanted.left
    residual[:, wanted.top : wanted.bottom, wanted.left : wanted.right] = found[
        :, top : top + height, left : left + width
    ]


def find_changes(before: Cells, after: Cells) -> list[Box]:
    """The cells that differ of two (1, h, w, c): the smallest rectangle in each of BANDS bands of rows."""
    _, rows, columns, channels = after.shape
    # whole words at a time: four times as fast as bytes
    word = np.dtype(f"u{next(size for size in (8, 4, 2, 1) if channels % size == 0)}")
    differs = before[0].reshape(rows, -1).view(word) != after[0].reshape(rows, -1).view(word)
    is_other = differs.any(axis=1)
    if not is_other.any():
        return []
    words_a_cell = differs.shape[1] // columns
    edges = [rows * band // BANDS for band in range(BANDS + 1)]
    boxes = []
    for start, end in pairwise(edges):
        (where,) = is_other[start:end].nonzero()
        if not len(where):
            continue
        top, bottom = start + int(where[0]), start + int(where[-1]) + 1
        (across,) = differs[top:bottom].any(axis=0).nonzero()
        boxes.append(Box(top, bottom, int(across[0]) // words_a_cell, int(across[-1]) // words_a_cell + 1))
    return boxes


def join_boxes(boxes: list[Box], margin: int, rows: int, columns: int) -> list[Box]:
    """Join neighbours, from the top down, where one run over both costs no more than two."""

    def cost(box: Box) -> int:
        return box.grown(margin, rows, columns).area + RUN_COST

    joined: list[Box] = []
    for box in boxes:
        while joined and cost(joined[-1].joined(box)) <= cost(joined[-1]) + cost(box):
            box = joined.pop().joined(box)
        joined.append(box)
    return joined
