"""What else takes the processor while a speed is measured."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from vcam.doctor.machine import Machine

LOOK_S = 0.5
BUSY = 0.25  # of all cores, used by others: from there on a measured speed says little

Pid = int


@dataclass(frozen=True)
class Load:
    """How many cores other programs used, of how many, and the one that used most of them."""

    cores: float
    of: int
    busiest: str = ""

    @property
    def is_busy(self) -> bool:
        return self.cores >= BUSY * self.of


def measure_load(
    machine: Machine,
    ours: set[Pid],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Load:
    """What other programs than these processes and this one use, over half a second."""
    ours = {*ours, os.getpid()}
    before, begin_s = _read_ticks(machine), clock()
    sleep(LOOK_S)
    after, ticks = _read_ticks(machine), (clock() - begin_s) * os.sysconf("SC_CLK_TCK")
    used = {pid: (after[pid] - before[pid]) / ticks for pid in {*after} & {*before} - ours}
    cores = len(os.sched_getaffinity(0))
    if not used:
        return Load(0, cores)
    busiest = max(used, key=lambda pid: used[pid])
    name = machine.read(f"/proc/{busiest}/comm") or "?"
    return Load(sum(used.values()), cores, f"{name} (pid {busiest})")


def _read_ticks(machine: Machine) -> dict[Pid, int]:
    """CPU time of each process so far, in clock ticks, without its children's."""
    texts = {int(path.name): machine.read(f"/proc/{path.name}/stat") for path in machine.find("/proc/[0-9]*")}
    fields = {pid: text.rpartition(")")[2].split() for pid, text in texts.items() if text}
    return {pid: int(words[11]) + int(words[12]) for pid, words in fields.items() if len(words) > 12}
