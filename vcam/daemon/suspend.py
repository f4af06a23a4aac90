"""Notices that the machine was suspended, which differs from having had no processor for a while."""

import time

from vcam.pipeline import Clock

SLEPT_S = 1.0
CLOSE_NS = 100_000_000  # two clocks that are read further apart than this are read again


def suspended_ns() -> int:
    """Nanoseconds that the machine has been suspended; only differences are meaningful.

    This is the difference of a clock that runs during suspend and one that does not.
    """
    while True:
        before_ns = time.monotonic_ns()
        awake_or_not_ns = _through_sleep_ns()
        after_ns = time.monotonic_ns()
        if (
            after_ns - before_ns < CLOSE_NS
        ):  # else this thread was interrupted between the two, and the difference is meaningless
            return awake_or_not_ns - before_ns


def _through_sleep_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class SuspendDetector:
    """Tells at each call whether the machine was suspended since the last: by lid, menu or battery.

    asleep  nanoseconds that it has been suspended in total
    """

    def __init__(self, asleep: Clock = suspended_ns) -> None:
        self._asleep = asleep
        self._last_ns: int | None = None

    def look(self) -> float:
        """Seconds of suspend since the last call; 0 if it was short."""
        last_ns, self._last_ns = self._last_ns, self._asleep()
        slept_s = 0.0 if last_ns is None else (self._last_ns - last_ns) / 1e9
        return slept_s if slept_s > SLEPT_S else 0.0
