"""A student's network, its weights settled; on another engine than ONNX Runtime's own it is watched."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from vcam.restore.cells import ZERO_RESIDUAL, Cells

log = logging.getLogger(__name__)

MOST_PART = 0.85  # of the picture: above, one run over all of it costs less than cutting and pasting
CLOSE = 1  # code values by which an engine's rounding may differ from the CPU provider's

Run: TypeAlias = Callable[[Cells], Cells]


class Network:
    """A student's network, its weights settled: cells in, residual out.

    reach   cells around one that its residual depends on, if its sums do not depend on what is beside them
            either, as whole numbers' do not; else 0
    chroma  strength of vcam.restore.chroma for the same damage
    most    the share of a picture above which all of it is computed at once
    """

    def __init__(self, session: Any, reach: int, chroma: float = 0.0) -> None:
        self._session = session
        self.reach = reach
        self.chroma = chroma
        self.most = MOST_PART

    def residual(self, cells: Cells) -> Cells:
        """Run on (1, h, w, cell*cell) uint8; returns the residual plus 128, same shape."""
        return self._session.run(None, {"cells": cells})[0]


class Nothing(Network):
    """The network for an undamaged picture: no residual, at no cost.

    channels  of the residual
    """

    def __init__(self, channels: int) -> None:
        self.reach = 1  # parts of it are as good as all of it
        self.chroma = 0.0
        self.most = MOST_PART
        self._channels = channels

    def residual(self, cells: Cells) -> Cells:
        """The residual of (1, h, w, c) uint8: zero, plus 128, (1, h, w, channels)."""
        return np.full((*cells.shape[:-1], self._channels), ZERO_RESIDUAL, np.uint8)


class EngineHealth:
    """Whether an engine is still trusted; shared by all networks of a model. Any thread may call any method.

    name  of the engine, as the setting has it
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault = ""
        self._lock = threading.Lock()

    def give_up(self, fault: str) -> None:
        """Use it no more. The first fault is the one that is told."""
        with self._lock:
            if self.fault:
                return
            self.fault = fault
        log.warning("the engine %s is not used: %s; the CPU provider is", self.name, fault)


class WatchedNetwork(Network):
    """A network on an engine, with the CPU provider's beside it, which goes on if the engine fails.

    standby  the same network on the CPU provider
    open_on  opens it on the engine for cells of one shape; may take 0.1 s, and raise anything
    health   of the engine
    share    the engine's time for a picture, as a share of the CPU provider's
    expect   what the engine's answer is compared with, if not with the standby's

    The engine is opened for the first cells, and its answer compared with the CPU provider's: whoever runs a
    network beside the frames once, before it is used, has that time pass there. Cells of another shape, as a
    part of a picture has, go to the CPU provider, since an engine compiles for one size.
    """

    def __init__(
        self,
        standby: Network,
        open_on: Callable[[tuple[int, ...]], Run],
        health: EngineHealth,
        share: float = 1.0,
        expect: Run | None = None,
    ) -> None:
        self.reach, self.chroma = standby.reach, standby.chroma
        self.most = MOST_PART * min(1.0, share)
        self._standby = standby
        self._open_on = open_on
        self._health = health
        self._expect = expect or standby.residual
        self._run: Run | None = None
        self._shape: tuple[int, ...] = ()

    def residual(self, cells: Cells) -> Cells:
        if self._health.fault:
            self._run, self.most = None, MOST_PART
            return self._standby.residual(cells)
        if not self._shape:
            return self._begin(cells)
        if self._run is None or cells.shape != self._shape:
            return self._standby.residual(cells)
        try:
            return self._run(cells)
        except Exception as error:  # ONNX Runtime's own exceptions have no common base
            self._health.give_up(f"it failed in use: {error}")
            return self._standby.residual(cells)

    def _begin(self, cells: Cells) -> Cells:
        """Open the engine for this shape; returns the residual of whoever is to be trusted."""
        self._shape = cells.shape
        try:
            run = self._open_on(cells.shape)
            expected, found = self._expect(cells), run(cells)
        except Exception as error:  # an engine may raise anything
            self._health.give_up(f"it does not run this model: {error}")
            return self._standby.residual(cells)
        fault = compare(found, expected)
        if fault:
            self._health.give_up(fault)
        self._run = None if fault else run
        return found if self._run else self._standby.residual(cells)


def compare(found: Cells, expected: Cells) -> str:
    """What is wrong with an engine's residual; "" if nothing is."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"it returns {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}"
    worst = farthest(found, expected)
    return (
        f"it differs from the CPU by {worst} code values, expected at most {CLOSE}" if worst > CLOSE else ""
    )


def farthest(found: Cells, expected: Cells) -> int:
    """The largest difference of two residuals, in code values."""
    return int(np.abs(found.astype(np.int16) - expected).max())
