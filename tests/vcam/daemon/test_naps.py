import time

import pytest
from manual_time import ManualTime

from vcam.daemon.naps import Naps, boot_ns


@pytest.fixture
def clock() -> ManualTime:
    return ManualTime()


def test_looks_in_their_usual_rhythm_find_no_sleep(clock: ManualTime) -> None:
    naps = Naps(clock.clock)
    looks = []
    for _ in range(100):
        clock.sleep(0.25)
        looks.append(naps.look())
    assert not any(looks)


@pytest.mark.parametrize(("passed_s", "slept_s"), [(5.0, 0.0), (5.25, 5.25), (30_000.0, 30_000.0)])
def test_more_than_five_seconds_between_two_looks_were_slept(
    clock: ManualTime, passed_s: float, slept_s: float
) -> None:
    naps = Naps(clock.clock)
    naps.look()
    clock.sleep(passed_s)
    assert naps.look() == slept_s


def test_a_sleep_is_told_once(clock: ManualTime) -> None:
    naps = Naps(clock.clock)
    naps.look()
    clock.sleep(60)
    naps.look()
    clock.sleep(0.25)
    assert naps.look() == 0


def test_without_a_clock_that_goes_on_in_sleep_the_monotonic_one_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    before_ns = time.monotonic_ns()
    assert before_ns <= boot_ns() <= time.monotonic_ns()


def test_the_clock_goes_on() -> None:
    before_ns = boot_ns()
    assert boot_ns() >= before_ns


def test_the_clock_is_the_one_that_counts_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime_ns", {7: 12345}.get)
    assert boot_ns() == 12345
