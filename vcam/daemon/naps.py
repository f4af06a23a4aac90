"""Noticing that the machine has slept."""

import time

from vcam.pipeline import Clock

SLEPT_S = 5.0  # of one look taking longer; the looks are a quarter of a second apart


def boot_ns() -> int:
    """Nanoseconds that go on while the machine sleeps; where no clock does so, monotonic ones."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux alone has it
    return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)


class Naps:
    """Tells from look to look whether time has gone by without us: a suspend, or a process that was stopped.

    clock  nanoseconds that go on meanwhile
    """

    def __init__(self, clock: Clock = boot_ns) -> None:
        self._clock = clock
        self._last_ns: int | None = None

    def look(self) -> float:
        """The seconds that were slept since the last look; 0 if it was not long ago."""
        last_ns, self._last_ns = self._last_ns, self._clock()
        passed_s = 0.0 if last_ns is None else (self._last_ns - last_ns) / 1e9
        return passed_s if passed_s > SLEPT_S else 0.0
