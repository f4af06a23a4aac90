import itertools
import random

import pytest

from vcam.receiver.capture_clock import LATEST_NS, TICKS_PER_S, WRAP, CaptureClock

PERIOD_TICKS = TICKS_PER_S // 30
PERIOD_NS = 1_000_000_000 // 30


def test_what_the_network_delays_comes_evenly_spaced_again() -> None:
    clock, chance = CaptureClock(), random.Random(0)
    delays_ns = [chance.randrange(0, 50_000_000) for _ in range(200)]
    delays_ns[0] = 0
    moments = [
        clock.moment_ns(7 + n * PERIOD_TICKS, n * PERIOD_NS + delay) for n, delay in enumerate(delays_ns)
    ]
    steps = [later - one for one, later in itertools.pairwise(moments)]
    assert steps == pytest.approx([PERIOD_NS] * len(steps), abs=20)  # rounded to whole ticks


def test_no_picture_is_captured_after_it_came() -> None:
    clock = CaptureClock()
    for now_ns in (5_000_000_000, 5_010_000_000, 5_020_000_000):
        ticks = now_ns // 100_000  # a clock that runs too slowly: each picture seems to come faster
        assert clock.moment_ns(ticks, now_ns) <= now_ns


def test_a_stamp_that_wraps_goes_on() -> None:
    clock = CaptureClock()
    first = clock.moment_ns(WRAP - PERIOD_TICKS, 0)
    assert clock.moment_ns(0, PERIOD_NS) - first == pytest.approx(PERIOD_NS, abs=20)


def test_moments_never_go_back() -> None:
    clock = CaptureClock()
    moments = [
        clock.moment_ns(ticks, 1_000_000_000 + n) for n, ticks in enumerate((90_000, 180_000, 0, 90_000))
    ]
    assert moments == sorted(moments)


def test_a_sender_with_another_clock_begins_again() -> None:
    clock = CaptureClock()
    clock.moment_ns(0, 0)
    assert clock.moment_ns(PERIOD_TICKS, 2 * LATEST_NS) == 2 * LATEST_NS
