"""Whether the stages keep up with the camera."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

SPAN_NS = 10_000_000_000
LEAST_NS = 5_000_000_000  # less is not significant: a model is slower just after the start
STEP_NS = 1_000_000_000
TOLERANCE = 0.1  # of the camera's frames


@dataclass(frozen=True)
class Counts:
    """What a meter had counted at a moment."""

    at_ns: int
    fresh: int
    drops: Mapping[str, int]


class Lag:
    """The share of the camera's frames that came while a stage was busy, over the last ten seconds."""

    def __init__(self) -> None:
        self._counts: deque[Counts] = deque()

    def note(self, counts: Counts) -> None:
        """Add counts; one per second is kept."""
        if self._counts and counts.at_ns - self._counts[-1].at_ns < STEP_NS:
            return
        self._counts.append(counts)
        while counts.at_ns - self._counts[0].at_ns > SPAN_NS:
            self._counts.popleft()

    def forget(self) -> None:
        """Start again: other stages run now."""
        self._counts.clear()

    @property
    def is_known(self) -> bool:
        """Whether frames have been coming for long enough to tell whether they come late."""
        counts = list(self._counts)
        return (
            bool(counts)
            and counts[-1].at_ns - counts[0].at_ns >= LEAST_NS
            and counts[-1].fresh > counts[0].fresh
        )

    @property
    def share(self) -> float:
        """0..1; 0 where it is within tolerance, not known yet, or not the main cause of drops."""
        counts = list(self._counts)  # another thread may note meanwhile
        if not counts or counts[-1].at_ns - counts[0].at_ns < LEAST_NS:
            return 0.0
        first, last = counts[0], counts[-1]
        lost = {cause: count - first.drops.get(cause, 0) for cause, count in last.drops.items()}
        if lost.pop("unpublished", 0):  # without an output, what was not dropped is not counted as fresh
            return 0.0
        busy, others = lost.pop("busy", 0), sum(lost.values())
        share = busy / max(1, busy + others + last.fresh - first.fresh)
        return share if busy > others and share > TOLERANCE else 0.0
