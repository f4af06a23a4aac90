"""How many frames a second really come."""

from collections import deque

SPAN_NS = 2_000_000_000
SETTLE_NS = 1_000_000_000  # not counted: a camera that was just opened is still finding its exposure
LEAST_NS = 1_000_000_000  # measured over less, one late frame would be a slow camera
SLOW, STEADY = 0.8, 0.83  # of the promised rate: where slowness begins, and where it has ended


class Rate:
    """The rate over the last two seconds, and whether it is far below the promise.

    promised  frames a second

    `fps` is None until a second was measured, after one that is not counted. One thread notes, any may read.
    """

    def __init__(self, promised: float) -> None:
        self.promised = promised
        self.fps: float | None = None
        self.is_slow = False
        self._first_ns: int | None = None
        self._times_ns: deque[int] = deque()

    def note(self, captured_ns: int) -> bool:
        """Note a frame; True if that has changed whether it is slow."""
        if self._first_ns is None:
            self._first_ns = captured_ns
        if captured_ns - self._first_ns < SETTLE_NS:
            return False
        times = self._times_ns
        times.append(captured_ns)
        while captured_ns - times[0] > SPAN_NS and len(times) > 2:
            times.popleft()
        elapsed_ns = captured_ns - times[0]
        if elapsed_ns < LEAST_NS:
            return False
        self.fps = (len(times) - 1) * 1e9 / elapsed_ns
        was_slow, limit = self.is_slow, STEADY if self.is_slow else SLOW
        self.is_slow = self.fps < limit * self.promised
        return self.is_slow != was_slow
