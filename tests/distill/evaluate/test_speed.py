import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from distill.evaluate.baselines import filters
from distill.evaluate.contenders import Run, upscale
from distill.evaluate.speed import Pace, measure
from vcam.frame import Frame, Size

SIZES: tuple[Size, ...] = ((64, 48), (128, 96))
QUICK = Pace(seconds=10, most_runs=4, least_runs=2, cap_s=10)


@dataclass
class Slow:
    """Sleeps for so long a pixel, and writes down when it is asked."""

    seconds_a_pixel: float
    name: str = "slow"
    kind: str = "recipe"
    title: str = "slow"
    key: str = "slow"
    diary: list[str] = field(default_factory=list)

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        self.diary.append(self.name)
        time.sleep(self.seconds_a_pixel * size[0] * size[1])
        yield from (upscale(seen[index], size) for index in indices)

    def network_run(self, size: Size) -> Run | None:
        return lambda: time.sleep(self.seconds_a_pixel * size[0] * size[1] / 2)

    def note(self, scale: int) -> str:
        return ""


def test_every_contender_is_timed_at_every_size() -> None:
    found = list(measure(filters()[:2], 1, QUICK, SIZES))
    assert [(speed.contender, speed.size) for speed in found] == [
        ("bicubic", "64x48"),
        ("lanczos", "64x48"),
        ("bicubic", "128x96"),
        ("lanczos", "128x96"),
    ]
    for speed in found:
        assert speed.ms is not None
        assert speed.fps == pytest.approx(1000 / speed.ms)
        assert (speed.network_ms, speed.threads, speed.runs) == (None, 1, 4)


def test_the_whole_frame_and_the_network_are_timed_apart() -> None:
    (found,) = measure([Slow(0.004 / (64 * 48))], 1, QUICK, SIZES[:1])
    assert found.ms is not None
    assert found.network_ms is not None
    assert found.ms >= 4  # a sleep is never shorter
    assert 2 <= found.network_ms < found.ms


def test_a_slow_contender_gets_fewer_runs() -> None:
    (found,) = measure([Slow(0.02 / (64 * 48))], 1, Pace(0.02, 4, 2), SIZES[:1])
    assert found.runs == 2


def test_what_would_pass_the_cap_is_left_out_and_said() -> None:
    slow = Slow(0.02 / (64 * 48))
    small, large = measure([slow], 1, Pace(0.02, 4, 2, cap_s=0.06), SIZES)
    asked = len(slow.diary)
    assert small.ms is not None
    assert (large.ms, large.fps, large.runs) == (None, None, 0)
    assert "the cap is 0.06 s: not run" in large.note
    assert asked == 4  # two to warm up, two runs; none at the larger size


def test_contenders_take_turns() -> None:
    diary: list[str] = []
    contenders = [Slow(0.0, name, diary=diary) for name in ("a", "b")]
    list(measure(contenders, 1, QUICK, SIZES[:1]))
    assert diary[4:] == ["a", "b"] * 4  # after two runs each to warm up
