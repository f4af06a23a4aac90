"""Which programs watch, by the names that Linux has for them."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from vcam.presence.census import PROC, count_openers
from vcam.presence.kernel import WatchingKernel, WatchingLinux
from vcam.public import printable

EVERY_NS = 3_000_000_000  # between two looks through all processes, which take milliseconds
LONGEST = 16  # characters of a name, as Linux keeps them
MOST = 8  # names

Clock: TypeAlias = Callable[[], int]  # monotonic nanoseconds


class Watchers:
    """The programs that have the virtual camera open, this one left out.

    where  its node; None while there is none

    A program of another user, or of the system, is not seen. Any thread may ask, as often as it likes.
    """

    def __init__(
        self,
        where: Callable[[], Path | None],
        kernel: WatchingKernel | None = None,
        *,
        proc: Path = PROC,
        own_pid: int | None = None,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self._where = where
        self._kernel = kernel or WatchingLinux()
        self._proc = proc
        self._own_pid = os.getpid() if own_pid is None else own_pid
        self._clock = clock
        self._looked_ns: int | None = None
        self._names: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Each name once, in the order of the alphabet."""
        now_ns = self._clock()
        if self._looked_ns is None or not 0 <= now_ns - self._looked_ns < EVERY_NS:
            self._looked_ns = now_ns
            node = self._where()
            self._names = () if node is None else self._look(node)
        return self._names

    def _look(self, node: Path) -> tuple[str, ...]:
        try:
            openers = count_openers(node, {str(node)}, self._kernel, self._proc, self._own_pid)
        except OSError:
            return ()
        names = {self._name(pid) for pid, _ in openers.others}
        return tuple(sorted(filter(None, names)))[:MOST]

    def _name(self, pid: int) -> str:
        try:
            comm = (self._proc / str(pid) / "comm").read_bytes()
        except OSError:  # it has ended meanwhile
            return ""
        return printable(comm.decode("utf-8", "replace").rstrip("\n")[:LONGEST])
