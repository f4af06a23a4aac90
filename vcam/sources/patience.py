"""How long a stream may send nothing before it counts as dead: some cameras send one picture in 10 s."""

from collections import deque

KNOWN = 10  # intervals, after which the rate is known: some senders begin with a burst
SPAN = 30  # intervals that are looked back upon
TIMES = 4  # the longest of them


class Patience:
    """The longest wait for the next packet, by those that have come.

    least_s, most_s  of a fast stream, and of one that is slow or not known yet
    """

    def __init__(self, least_s: float, most_s: float) -> None:
        self._least_s = least_s
        self._most_s = most_s
        self._last_ns: int | None = None
        self._intervals_s: deque[float] = deque(maxlen=SPAN)

    def note(self, now_ns: int) -> None:
        """A packet has come."""
        if self._last_ns is not None:
            self._intervals_s.append((now_ns - self._last_ns) / 1e9)
        self._last_ns = now_ns

    @property
    def limit_s(self) -> float:
        if len(self._intervals_s) < KNOWN:
            return self._most_s
        return min(max(TIMES * max(self._intervals_s), self._least_s), self._most_s)
