"""What the running pipeline measures of itself: rates, times, ages and drops by their cause."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

WINDOW = 900  # samples kept of each quantity: 30 s at 30 fps
RATE_SPAN_NS = 5_000_000_000


@dataclass(frozen=True)
class Percentiles:
    """Of the last WINDOW samples, in milliseconds; zeros where nothing was measured yet."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


@dataclass(frozen=True)
class MeterReading:
    """A snapshot of a Meter."""

    sent: int  # frames given to the sink, repeats and placeholders among them
    fresh: int  # of these, frames shown for the first time
    fps: float  # frames sent a second, over the last 5 s
    age_ms: Percentiles  # capture to publish, of fresh frames
    stage_ms: Mapping[str, Percentiles]
    drops: Mapping[str, int]  # cause -> frames


@dataclass
class Meter:
    """Counts and samples, written by the pipeline's threads and read by anybody.

    Causes of drops: `source` (a gap in the source's frame numbers), `busy` (a newer frame came before the
    worker was free), `unsent` (a newer result came before the output's next tick), `failed` (a stage raised),
    `unpublished` (there was no output; repeats and cards among them).
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sent: int = 0
    _fresh: int = 0
    _sent_ns: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _ages_ms: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _stages_ms: dict[str, deque[float]] = field(default_factory=dict)
    _drops: Counter[str] = field(default_factory=Counter)

    def count_sent(self, now_ns: int, captured_ns: int | None) -> None:
        """Note a frame given to the sink; `captured_ns` is None for a repeat or a placeholder."""
        with self._lock:
            self._sent += 1
            self._sent_ns.append(now_ns)
            if captured_ns is not None:
                self._fresh += 1
                self._ages_ms.append((now_ns - captured_ns) / 1e6)

    def count_stage(self, name: str, elapsed_ms: float) -> None:
        with self._lock:
            self._stages_ms.setdefault(name, deque(maxlen=WINDOW)).append(elapsed_ms)

    def count_drop(self, cause: str, frames: int = 1) -> None:
        with self._lock:
            self._drops[cause] += frames

    @property
    def output_ticks(self) -> int:
        """How often the output's clock has turned, whether a frame got out or not; costs nothing."""
        return self._sent + self._drops["unpublished"]

    def counts(self) -> tuple[int, dict[str, int]]:
        """Fresh frames and drops by cause so far: `read` without its percentiles, which cost."""
        with self._lock:
            return self._fresh, dict(self._drops)

    def newest(self, frames: int) -> tuple[list[float], dict[str, list[float]]]:
        """Ages of so many fresh frames, and as many times of each stage, in ms; the newest first."""
        with self._lock:
            stages = {name: list(islice(reversed(times), frames)) for name, times in self._stages_ms.items()}
            return list(islice(reversed(self._ages_ms), frames)), stages

    def fps(self, now_ns: int) -> float:
        """Frames sent a second, over the last 5 s."""
        with self._lock:
            return self._fps(now_ns)

    def _fps(self, now_ns: int) -> float:
        return _rate([sent_ns for sent_ns in self._sent_ns if now_ns - sent_ns <= RATE_SPAN_NS], now_ns)

    def read(self, now_ns: int) -> MeterReading:
        with self._lock:
            return MeterReading(
                sent=self._sent,
                fresh=self._fresh,
                fps=self._fps(now_ns),
                age_ms=percentiles(self._ages_ms),
                stage_ms={name: percentiles(times) for name, times in self._stages_ms.items()},
                drops=dict(self._drops),
            )


def _rate(times_ns: list[int], now_ns: int) -> float:
    if len(times_ns) < 2:
        return 0.0
    # a stalled output must read as slow: the gap since its last frame counts once it is the longest
    span_ns = max(times_ns[-1] - times_ns[0], now_ns - times_ns[0] - RATE_SPAN_NS // 10)
    return (len(times_ns) - 1) * 1e9 / span_ns


def percentiles(samples: Iterable[float]) -> Percentiles:
    """The 50th, 95th and 99th percentile of the samples, zeros if there are none."""
    values = list(samples)
    if not values:
        return Percentiles()
    return Percentiles(*(round(float(value), 2) for value in np.percentile(values, (50, 95, 99))))
