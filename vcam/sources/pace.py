"""Real time for sources that have none of their own: a recording's moments on the monotonic clock."""

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]  # monotonic nanoseconds
Sleep: TypeAlias = Callable[[float], None]  # seconds

SECOND_NS = 1_000_000_000
MAX_STEP_NS = SECOND_NS  # a source owes a frame within 2 s, whatever a recording's time stamps say
MAX_LATE_NS = SECOND_NS // 2


class Pace:
    """Waits for each moment of a timeline; the first one is now.

    A step of more than 1 s is cut to 1 s and a step back to none. Who comes more than 0.5 s late
    (a suspended machine) goes on from there: what was missed is not played at double speed.
    """

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._last_ns: int | None = None
        self._due_ns = 0

    def wait(self, timeline_ns: int) -> int:
        """Sleep until `timeline_ns` is due; returns the clock's time then."""
        now_ns = self._clock()
        if self._last_ns is None:
            self._due_ns = now_ns
        else:
            self._due_ns += min(max(timeline_ns - self._last_ns, 0), MAX_STEP_NS)
        self._last_ns = timeline_ns
        if now_ns - self._due_ns > MAX_LATE_NS:
            self._due_ns = now_ns
        if self._due_ns > now_ns:
            self._sleep((self._due_ns - now_ns) / SECOND_NS)
        return self._clock()
