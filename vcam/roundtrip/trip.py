"""What became of the test pattern on its way: its age, its gaps and its colours."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.meter import Percentiles, percentiles
from vcam.sources.bars import measure_bars
from vcam.sources.stamp import Stamp, read_stamp

PATIENCE_S = 10.0  # for the first pattern; a daemon may show its card first, until it has seen the reader


@dataclass(frozen=True)
class Arrival:
    """One frame where it came out.

    arrived_ns  monotonic, of the clock that all processes of a machine share
    stamp       what its source wrote into it; None if it can not be read
    deviation   of the bars' interiors from their colours, in code values
    """

    arrived_ns: int
    stamp: Stamp | None
    deviation: int = 0


@dataclass(frozen=True)
class Trip:
    """Of all arrivals of a measurement.

    latency_ms  from the source's clock to the arrival, of frames seen for the first time. The first of all is
                left out: it may have lain in the device. The stamp counts whole milliseconds, so that up to
                one is too much
    fps         frames that arrived a second, repeats left out
    sent        frames that the camera published between the first and the last that were read; None if that
                is known to its own process alone
    read        frames that arrived
    lost        frames that were sent and did not arrive; where `sent` is None, all that are missing
    dropped     frames that the source made and the camera did not send; None if `sent` is
    repeated    arrivals of the frame before
    unreadable  arrivals whose stamp can not be read
    deviation   the largest
    """

    latency_ms: Percentiles
    fps: float
    sent: int | None
    read: int
    lost: int
    dropped: int | None
    repeated: int
    unreadable: int
    deviation: int


def observe(frames: Iterable[Frame], seconds: float, patience_s: float = PATIENCE_S) -> list[Arrival]:
    """Read the pattern for so many seconds from its first frame on; `captured_ns` is when each arrived.

    Raises SourceError if no frame shows the pattern for `patience_s`.
    """
    arrivals: list[Arrival] = []
    start_ns: int | None = None
    for frame in frames:
        start_ns = frame.captured_ns if start_ns is None else start_ns
        elapsed_s = (frame.captured_ns - start_ns) / 1e9
        stamp = read_stamp(frame)
        if arrivals and elapsed_s >= seconds:
            break
        if arrivals or stamp:
            start_ns = start_ns if arrivals else frame.captured_ns
            arrivals.append(Arrival(frame.captured_ns, stamp, measure_bars(frame) if stamp else 0))
        elif elapsed_s >= patience_s:
            raise SourceError(
                f"no test pattern in {elapsed_s:.0f} s of pictures; its camera must show it."
                " Run: sharpkd set source pattern"
            )
    return arrivals


def measure_trip(arrivals: Sequence[Arrival], sent: Collection[int] | None = None) -> Trip:
    """Count and time what `observe` has seen.

    sent  the numbers of all frames that were given to the device, in any order; None if they are not known

    Raises SourceError if fewer than two different frames arrived.
    """
    seen = [(arrival.stamp, arrival) for arrival in arrivals if arrival.stamp is not None]
    fresh = [next(group) for _, group in groupby(seen, key=lambda item: item[0].index)]
    if len(fresh) < 2:
        raise SourceError(
            f"{len(fresh)} frames of the pattern arrived, expected two or more; measure longer with --seconds"
        )
    indices = [stamp.index for stamp, _ in fresh]
    missing = sum(max(0, later - earlier - 1) for earlier, later in pairwise(indices))
    between = None if sent is None else {n for n in sent if indices[0] <= n <= indices[-1]}
    lost = missing if between is None else len(between.difference(indices))
    return Trip(
        latency_ms=percentiles(arrival.arrived_ns / 1e6 - stamp.clock_ms for stamp, arrival in fresh[1:]),
        fps=_rate([arrival.arrived_ns for _, arrival in fresh]),
        sent=None if between is None else len(between),
        read=len(fresh),
        lost=lost,
        dropped=None if between is None else max(0, missing - lost),
        repeated=len(seen) - len(fresh),
        unreadable=len(arrivals) - len(seen),
        deviation=max(arrival.deviation for _, arrival in seen),
    )


def _rate(times_ns: Sequence[int]) -> float:
    span_ns = times_ns[-1] - times_ns[0]
    return (len(times_ns) - 1) * 1e9 / span_ns if span_ns else 0.0
