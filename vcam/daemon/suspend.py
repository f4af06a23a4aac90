"""Noticing that the machine has slept, which is not the same as having had no processor for a while."""

import time

from vcam.pipeline import Clock

SLEPT_S = 1.0
CLOSE_NS = 100_000_000  # two clocks that are read further apart than this are read again


def suspended_ns() -> int:
    """Nanoseconds that the machine has slept since some moment; only differences mean something.

    That is what a clock that goes on in sleep is ahead of one that stands still.
    """
    while True:
        before_ns = time.monotonic_ns()
        awake_or_not_ns = _through_sleep_ns()
        after_ns = time.monotonic_ns()
        if after_ns - before_ns < CLOSE_NS:  # else we were put aside in between, and it says nothing
            return awake_or_not_ns - before_ns


def _through_sleep_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class SuspendDetector:
    """Tells from look to look whether the machine has slept: a suspend, by lid, menu or battery.

    asleep  nanoseconds that it has slept in all
    """

    def __init__(self, asleep: Clock = suspended_ns) -> None:
        self._asleep = asleep
        self._last_ns: int | None = None

    def look(self) -> float:
        """The seconds that were slept since the last look; 0 if it was not long."""
        last_ns, self._last_ns = self._last_ns, self._asleep()
        slept_s = 0.0 if last_ns is None else (self._last_ns - last_ns) / 1e9
        return slept_s if slept_s > SLEPT_S else 0.0
