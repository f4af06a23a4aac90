"""Time per frame of each contender, measured in turns on the same machine.

A whole frame is timed, from a decoded picture of half the output's size to the output (scaling, conversions,
network), and the network alone. Each contender is warmed up at each size; then all take turns, so that
background load affects all of them equally, and the median is taken. Slow contenders get fewer turns;
those that would exceed the cap are not run, and the result says so.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from distill.evaluate.contenders import Contender, Kept, Run, timing_planes, to_pixels
from distill.evaluate.results import Speed
from vcam.frame import Frame, Size, from_packed

SIZES: tuple[Size, ...] = ((256, 256), (512, 512), (1280, 720), (1920, 1080))
PROCESSOR_TIME = "processor time"
Clock = Callable[[], int]  # nanoseconds
WINDOW = 9  # frames that a contender may use; the middle one is restored


@dataclass(frozen=True)
class Pace:
    """Time limits of the measurement."""

    seconds: float = 3.0  # approximate, per contender and size
    most_runs: int = 50
    least_runs: int = 3
    cap_s: float = 5.0  # contenders expected to take longer per frame are not run
    is_processor_time: bool = False  # of all threads, instead of the clock's: for a machine with other work


@dataclass
class _Timed:
    """One contender at one size, while it is being timed."""

    contender: Contender
    whole: Run
    network: Run | None
    runs: int
    clock: Clock
    whole_ms: list[float] = field(default_factory=list)
    network_ms: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        self.whole_ms.append(time_ms(self.whole, self.clock))
        if self.network is not None:
            self.network_ms.append(time_ms(self.network, self.clock))


def measure(
    contenders: Sequence[Contender], threads: int, pace: Pace, sizes: Sequence[Size] = SIZES
) -> Iterator[Speed]:
    """Time the contenders size by size, the smallest first; `threads` is the number they were opened with."""
    last: dict[str, tuple[int, float]] = {}  # contender -> pixels and ms at the previous size
    for size in sorted(sizes, key=lambda size: size[0] * size[1]):
        name, pixels = f"{size[0]}x{size[1]}", size[0] * size[1]
        timed = []
        for contender in contenders:
            known_pixels, known_ms = last.get(contender.name, (pixels, 0.0))
            expected_s = known_ms / 1000 * pixels / known_pixels
            if expected_s > pace.cap_s:
                note = f"expected about {expected_s:.0f} s a frame, the cap is {pace.cap_s:g} s: not run"
                yield Speed(contender.name, name, threads, None, None, None, 0, note)
                continue
            timed.append(_warm_up(contender, size, pace))
        _take_turns(timed)
        for each in timed:
            ms = median(each.whole_ms)
            last[each.contender.name] = (pixels, ms)
            network_ms = median(each.network_ms) if each.network_ms else None
            note = PROCESSOR_TIME if pace.is_processor_time else ""
            yield Speed(
                each.contender.name, name, threads, ms, 1000 / ms, network_ms, len(each.whole_ms), note
            )


def _warm_up(contender: Contender, size: Size, pace: Pace) -> _Timed:
    seen = _frames((size[0] // 4 * 2, size[1] // 4 * 2))
    middle = [WINDOW // 2]

    def restore_middle() -> None:
        for _ in contender.restore(seen, size, middle):
            pass

    whole = contender.frame_run(seen, size) if isinstance(contender, Kept) else restore_middle
    network = contender.network_run(size)
    whole()
    clock = time.process_time_ns if pace.is_processor_time else time.perf_counter_ns
    took_s = time_ms(whole, clock) / 1000
    if network is not None:
        took_s += time_ms(network, clock) / 1000
    runs = round(min(max(pace.seconds / took_s, pace.least_runs), pace.most_runs))
    return _Timed(contender, whole, network, runs, clock)


def _take_turns(timed: Sequence[_Timed]) -> None:
    """All in turns, those with fewer runs at even distances."""
    rounds = max((each.runs for each in timed), default=0)
    for turn in range(rounds):
        for each in timed:
            if turn * each.runs // rounds != (turn + 1) * each.runs // rounds:
                each.take_turn()


def _frames(size: Size) -> list[Frame]:
    width, height = size
    packed = to_pixels(timing_planes(WINDOW, height * 3 // 2, width))
    return [from_packed(frame, size, index) for index, frame in enumerate(packed)]


def time_ms(run: Run, clock: Clock = time.perf_counter_ns) -> float:
    start_ns = clock()
    run()
    return (clock() - start_ns) / 1e6
