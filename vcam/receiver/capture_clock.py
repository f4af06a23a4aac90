"""When a received picture was captured: its sender's time stamps, on our clock."""

from collections import deque

TICKS_PER_S = 90_000  # of RTP video
WRAP = 1 << 32
SPAN = 300  # pictures that the fastest way is looked for among: ten seconds
LATEST_NS = 5_000_000_000  # later than this is another clock, not a slow network


class CaptureClock:
    """Turns RTP time stamps into monotonic nanoseconds.

    The sender's clock is set by the picture that came fastest among the last 300: what a network delays
    comes evenly spaced again. The fastest way itself, some milliseconds, is not known and not counted.
    """

    def __init__(self) -> None:
        self._offsets_ns: deque[int] = deque(maxlen=SPAN)
        self._last_ticks: int | None = None
        self._sent_ns = 0  # the sender's time since the first picture
        self._moment_ns = 0

    def moment_ns(self, ticks: int, now_ns: int) -> int:
        """The capture time of a picture with this RTP time stamp, which is here at `now_ns`; never later."""
        step = 0 if self._last_ticks is None else (ticks - self._last_ticks) % WRAP
        step -= WRAP if step >= WRAP // 2 else 0  # the stamps wrap, and a late picture may come after
        self._last_ticks = ticks
        self._sent_ns += step * 1_000_000_000 // TICKS_PER_S
        offset_ns = now_ns - self._sent_ns
        if self._offsets_ns and offset_ns - min(self._offsets_ns) > LATEST_NS:
            self._offsets_ns.clear()
        self._offsets_ns.append(offset_ns)
        moment_ns = self._sent_ns + min(self._offsets_ns)
        self._moment_ns = min(now_ns, max(moment_ns, self._moment_ns))
        return self._moment_ns
