"""Whether somebody watches a node of PipeWire's: it knows by itself, and says when that changes."""

import threading
from collections.abc import Callable, Mapping

from vcam.presence.kernel import WatchingKernel, WatchingLinux
from vcam.presence.probe import POLLIN, ProbeReading


class NodeProbe:
    """A Probe of a level that somebody else keeps, and who rings when it has changed.

    is_watched  the level now; None while there is no node
    """

    def __init__(self, is_watched: Callable[[], bool | None], kernel: WatchingKernel | None = None) -> None:
        self._is_watched = is_watched
        self._kernel = kernel or WatchingLinux()
        self._rope = threading.Lock()  # PipeWire's thread may ring while we close
        self._bell: int | None = self._kernel.make_bell()

    @property
    def waits(self) -> Mapping[int, int]:
        return {} if self._bell is None else {self._bell: POLLIN}

    def read(self, now_ns: int) -> ProbeReading:
        if self._bell is not None:
            self._kernel.drain(self._bell)  # first: what happens from here on wakes us again
        return ProbeReading(self._is_watched())

    def ring(self) -> None:
        """Say that it is time to look; any thread."""
        with self._rope:
            if self._bell is not None:
                self._kernel.ring(self._bell)

    def close(self) -> None:
        with self._rope:
            bell, self._bell = self._bell, None
            if bell is not None:
                self._kernel.close(bell)
