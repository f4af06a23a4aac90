import time

import pytest
from manual_time import ManualTime

from vcam.daemon.suspend import SuspendDetector


class Machine:
    """The two clocks of a machine; reading one may take long, where others have the processor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awake, self.through_sleep = ManualTime(), ManualTime()
        self.starved_s: list[float] = []  # before the next reads of the clock that goes on
        monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
        monkeypatch.setattr(time, "clock_gettime_ns", lambda clock: {7: self.read()}[clock])
        monkeypatch.setattr(time, "monotonic_ns", self.awake.clock)

    def read(self) -> int:
        if self.starved_s:
            self.starve(self.starved_s.pop(0))
        return self.through_sleep.clock()

    def starve(self, seconds: float) -> None:
        self.awake.sleep(seconds)
        self.through_sleep.sleep(seconds)

    def suspend(self, seconds: float) -> None:
        self.through_sleep.sleep(seconds)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_looks_in_their_usual_rhythm_find_no_sleep(machine: Machine) -> None:
    naps = SuspendDetector()
    looks = []
    for _ in range(100):
        machine.starve(0.25)
        looks.append(naps.look())
    assert not any(looks)


@pytest.mark.parametrize(("suspended_s", "slept_s"), [(0.5, 0.0), (2.0, 2.0), (30_000.0, 30_000.0)])
def test_a_suspend_is_told_once(machine: Machine, suspended_s: float, slept_s: float) -> None:
    naps = SuspendDetector()
    naps.look()
    machine.suspend(suspended_s)
    assert naps.look() == slept_s
    machine.starve(0.25)
    assert naps.look() == 0


def test_a_minute_without_the_processor_is_not_sleep(machine: Machine) -> None:
    """A source that was reopened for it would be late once more."""
    naps = SuspendDetector()
    naps.look()
    machine.starve(60)
    assert naps.look() == 0


def test_nor_is_one_between_the_readings_of_the_two_clocks(machine: Machine) -> None:
    naps = SuspendDetector()
    naps.look()
    machine.starved_s = [60, 45]
    assert naps.look() == 0
    assert naps.look() == 0


def test_the_real_clocks_find_an_awake_machine() -> None:
    naps = SuspendDetector()
    assert (naps.look(), naps.look()) == (0, 0)
