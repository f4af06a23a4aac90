"""Who has the node open: for a v4l2loopback that has no events."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vcam.presence.kernel import WatchingKernel
from vcam.presence.probe import POLLIN, RESYNC_S, ProbeReading
from vcam.v4l2loopback.cameras import list_loopbacks

ENUMERATION_S = 1.5  # shorter, a program only looks which cameras there are
PROC = Path("/proc")
REFERENCES = Path("/sys/module/v4l2loopback/refcnt")

Opener: TypeAlias = tuple[int, int]  # process, descriptor


@dataclass(frozen=True)
class Openers:
    """Who has a node open.

    others      programs that are not this one
    seen        open files of any of the driver's nodes, ours too: a phone's program has another one open
    has_hidden  some processes may not be looked into
    """

    others: frozenset[Opener]
    seen: int
    has_hidden: bool


def count_openers(
    node: Path, siblings: Collection[str], kernel: WatchingKernel, proc: Path, own_pid: int
) -> Openers:
    """Look through the descriptors of all processes. Raises OSError if there is no `proc`.

    siblings  the paths of all nodes of the driver, this one among them
    """
    others: set[Opener] = set()
    seen, has_hidden = 0, False
    for process in proc.iterdir():
        if not process.name.isdecimal():
            continue
        pid = int(process.name)
        try:
            targets = [(number, path) for number, path in kernel.targets(process) if path in siblings]
        except PermissionError:
            has_hidden = True
        except OSError:  # it has ended meanwhile
            continue
        else:
            seen += len(targets)
            others.update((pid, number) for number, path in targets if path == str(node) and pid != own_pid)
    return Openers(frozenset(others), seen, has_hidden)


def is_complete(openers: Openers, references: int | None) -> bool:
    """Whether nobody can have the node open but those who were found.

    references  to the driver's module, one for each open file of any of its nodes, whoever has it; None if
                the system does not tell. Without it, one hidden process is one too many.

    An ordinary user is never shown the descriptors of the system's own processes: without this count, the
    census would never find that nobody watches.
    """
    if references is None:
        return not openers.has_hidden
    return references <= openers.seen


class CensusProbe:
    """Counts openers; inotify says when. An opener watches from its 1.5th second on.

    siblings    lists the driver's nodes; asked at each look, since they come and go
    proc        the root of the process tree
    references  the file with the module's count of references
    """

    def __init__(
        self,
        node: Path,
        kernel: WatchingKernel,
        *,
        siblings: Callable[[], Collection[Path]] = list_loopbacks,
        proc: Path = PROC,
        references: Path = REFERENCES,
        own_pid: int | None = None,
    ) -> None:
        self.node = node
        self._kernel = kernel
        self._siblings = siblings
        self._proc = proc
        self._references = references
        self._own_pid = os.getpid() if own_pid is None else own_pid
        self._watch: int | None = None
        self._since_ns: dict[Opener, int] = {}

    def open(self) -> "CensusProbe":
        """Begin to be woken. Raises OSError if the node cannot be watched."""
        self._watch = self._kernel.watch(self.node)
        return self

    @property
    def waits(self) -> Mapping[int, int]:
        return {} if self._watch is None else {self._watch: POLLIN}

    def read(self, now_ns: int) -> ProbeReading:
        if self._watch is not None:
            self._kernel.drain(self._watch)  # first: what happens from here on wakes us again
        try:
            siblings = {str(self.node), *map(str, self._siblings())}
            openers = count_openers(self.node, siblings, self._kernel, self._proc, self._own_pid)
        except OSError:
            return ProbeReading(None)
        self._since_ns = {opener: self._since_ns.get(opener, now_ns) for opener in openers.others}
        if not is_complete(openers, _read_count(self._references)):
            return ProbeReading(None)
        ages_s = [(now_ns - since_ns) / 1e9 for since_ns in self._since_ns.values()]
        # an age below nothing is a clock that was set back: not known, so present
        if any(not 0 <= age_s < ENUMERATION_S for age_s in ages_s):
            return ProbeReading(True)
        return ProbeReading(False, min((ENUMERATION_S - age_s for age_s in ages_s), default=RESYNC_S))

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            self._kernel.close(watch)


def _read_count(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
