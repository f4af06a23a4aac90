"""The last five minutes of a running camera, one sample a second."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from vcam.meter import Meter

SPAN_S = 300
MINUTE_S = 60
NS = 1_000_000_000


@dataclass(frozen=True)
class Sample:
    """One second; None where there was nothing to measure. `drops` are those of this second."""

    fps: float
    age_p50: float | None = None
    age_p95: float | None = None
    kbps: float | None = None
    gain_db: float | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    drops: Mapping[str, int] = field(default_factory=dict)


class History:
    """Samples by their second of the monotonic clock; one thread notes, any may read.

    It outlives the camera: a restart of the output is a gap, and its counts start again at 0.
    """

    def __init__(self) -> None:
        self._samples: dict[int, Sample] = {}
        self._fresh = 0
        self._drops: Counter[str] = Counter()
        self._lock = threading.Lock()

    def is_due(self, now_ns: int) -> bool:
        return now_ns // NS not in self._samples

    def note(
        self,
        now_ns: int,
        meter: Meter,
        *,
        kbps: float | None = None,
        gain_db: float | None = None,
        link_drops: Mapping[str, int] | None = None,
    ) -> None:
        """Take this second's sample: of the frames that came since the last one.

        kbps, gain_db  of the simulated link, None without one; left out where no frame came
        """
        fresh, counted = meter.counts()
        ages, stages = meter.newest(fresh - self._fresh if fresh >= self._fresh else fresh)
        total = Counter({**counted, **(link_drops or {})})
        drops = {cause: _since(self._drops[cause], count) for cause, count in total.items()}
        self._fresh, self._drops = fresh, total
        sample = Sample(
            round(meter.fps(now_ns), 2),
            _share(ages, 0.5),
            _share(ages, 0.95),
            None if kbps is None or not ages else round(kbps, 1),
            None if gain_db is None or not ages else round(gain_db, 2),
            {name: value for name, times in stages.items() if (value := _share(times, 0.5)) is not None},
            {cause: count for cause, count in drops.items() if count},
        )
        second = now_ns // NS
        with self._lock:
            self._samples[second] = sample
            for old in [key for key in self._samples if key <= second - SPAN_S - MINUTE_S]:
                del self._samples[old]

    def as_json(self, now_ns: int) -> dict[str, object]:
        """Series of SPAN_S values, the newest last; None where no sample was taken."""
        last = now_ns // NS
        with self._lock:
            taken = dict(self._samples)
        if last not in taken:  # this second's sample is still to come
            last -= 1
        seconds = range(last - SPAN_S + 1, last + 1)
        samples = [taken.get(second) for second in seconds]
        stages = sorted({name for sample in samples if sample for name in sample.stage_ms})
        causes = sorted({cause for sample in taken.values() for cause in sample.drops})
        one_each = ("fps", "age_p50", "age_p95", "kbps", "gain_db")
        return {
            "step_s": 1,
            "series": {
                **{name: [getattr(sample, name, None) for sample in samples] for name in one_each},
                "stage_ms": {
                    name: [sample.stage_ms.get(name) if sample else None for sample in samples]
                    for name in stages
                },
                "drops_per_min": {cause: _by_minute(taken, seconds, cause) for cause in causes},
            },
        }


def _by_minute(taken: Mapping[int, Sample], seconds: range, cause: str) -> list[int | None]:
    """For each second the drops of the minute that ends with it."""

    def dropped(second: int) -> int:
        sample = taken.get(second)
        return sample.drops.get(cause, 0) if sample else 0

    count = sum(map(dropped, range(seconds[0] - MINUTE_S, seconds[0])))
    found: list[int | None] = []
    for second in seconds:
        count += dropped(second) - dropped(second - MINUTE_S)
        found.append(count if second in taken else None)
    return found


def _since(before: int, now: int) -> int:
    """What was counted since; a count that is lower started again."""
    return now - before if now >= before else now


def _share(values: list[float], share: float) -> float | None:
    """The value below which this share of them lies."""
    if not values:
        return None
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 2)
