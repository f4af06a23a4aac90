import errno
import threading
from collections.abc import Callable

import numpy as np
import pytest
from fake_loopback import DAY_S, NODE, UBUNTU_USAGE, USAGE, FakeLoopback, Watch

from vcam.presence import EventProbe, Presence, ProbeReading, WatchingLinux
from vcam.presence.probe import POLLIN

PATIENCE_S = 60.0


def watching(kernel: FakeLoopback) -> Watch:
    return Watch(kernel, EventProbe(NODE, kernel.kind, kernel))


def sets(kernel: FakeLoopback, count: int) -> Callable[[], None]:
    return lambda: kernel.set_watchers(count)


def test_nobody_at_the_start_is_told_before_anything_is_opened() -> None:
    assert watching(FakeLoopback()).told == [(0, False)]


def test_somebody_or_not_known_at_the_start_needs_no_word() -> None:
    kernel = FakeLoopback()
    kernel.watchers = 1
    assert watching(kernel).told == []
    kernel.refusal = errno.EBUSY
    assert watching(kernel).told == []


@pytest.mark.parametrize("kind", [USAGE, UBUNTU_USAGE])
def test_a_watcher_is_told_at_once_and_missed_after_the_grace(kind: int) -> None:
    kernel = FakeLoopback(kind)
    watch = watching(kernel)
    kernel.at(40.25, sets(kernel, 2))
    kernel.at(50, sets(kernel, 1))
    kernel.at(60, sets(kernel, 0))
    watch.run(100)
    assert watch.told == [(0, False), (40.25, True), (65, False)]


def test_a_watcher_just_after_a_look_waits_for_a_tenth_of_a_second_at_most() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    kernel.at(30.001, sets(kernel, 1))
    watch.run(40)
    assert watch.told == [(0, False), (30.1, True)]


def test_a_lost_event_does_not_latch() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    kernel.is_losing = True
    kernel.at(40, sets(kernel, 1))
    kernel.at(100, sets(kernel, 0))
    watch.run(200)
    # looks are 30 s apart; the second one that sees the end is at 120
    assert watch.told == [(0, False), (60, True), (125, False)]


def test_a_node_that_cannot_be_asked_counts_as_watched_until_it_can() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    kernel.at(10, lambda: setattr(kernel, "refusal", errno.EBUSY))
    kernel.at(100, lambda: setattr(kernel, "refusal", 0))
    watch.run(200)
    assert watch.told == [(0, False), (30, True), (125, False)]


def test_short_breaks_close_nothing() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    for number in range(100):
        kernel.at(10 * number + 1, sets(kernel, 1))
        kernel.at(10 * number + 6.1, sets(kernel, 0))  # for 4.9 s
    watch.run(995)
    assert watch.told == [(0, False), (1, True)]


def test_each_long_break_closes_it_once() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    for number in range(100):
        kernel.at(10 * number + 1, sets(kernel, 1))
        kernel.at(10 * number + 5, sets(kernel, 0))
    watch.run(1000)
    assert watch.told[1:] == [
        change for number in range(100) for change in ((10 * number + 1, True), (10 * number + 10, False))
    ]


def test_a_storm_of_events_is_looked_at_ten_times_a_second() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    for number in range(1000):
        kernel.at(number / 1000, sets(kernel, number % 2))
    watch.run(1.001)
    assert watch.looks <= 11
    assert watch.levels[-1]


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_jumps_in_the_grace_closes_nothing_early(jump_s: int) -> None:
    kernel = FakeLoopback()
    kernel.watchers = 1
    kernel.now_ns += 7200 * 10**9
    watch = watching(kernel)
    kernel.at(10, sets(kernel, 0))
    watch.run(12)

    kernel.now_ns += jump_s * 10**9
    jumped_s = kernel.now_s
    watch.run(20)
    ((fell_s, level),) = watch.told
    assert not level
    # a look a second: the grace begins again with the first one after the jump
    assert 5 <= fell_s + 7207 - jumped_s <= 6


def test_the_level_is_right_all_day() -> None:
    """86 400 simulated seconds of meetings, one event in five lost; the truth is looked up at every look."""
    rng = np.random.default_rng(7)
    kernel = FakeLoopback()
    changed_s = [kernel.now_s]

    def change(count: int, is_lost: bool) -> None:
        if (count > 0) != (kernel.watchers > 0):
            changed_s[0] = kernel.now_s
        kernel.is_losing = is_lost
        kernel.set_watchers(count)
        kernel.is_losing = False

    second = 0.0
    while second < DAY_S:
        second += float(rng.exponential(60))
        count, is_lost = int(rng.integers(0, 3)), bool(rng.random() < 0.2)
        kernel.at(second, lambda count=count, is_lost=is_lost: change(count, is_lost))
    watch = watching(kernel)

    def check() -> None:
        for_s = kernel.now_s - changed_s[0]
        if kernel.watchers and for_s > 30.2:
            assert watch.presence.is_present, f"missed for {for_s:.1f} s"
        if not kernel.watchers and for_s > 36.2:
            assert not watch.presence.is_present, f"open for {for_s:.1f} s with nobody there"
        assert len(kernel.queues) == 1

    watch.run(DAY_S, check)
    assert watch.levels[0] is False
    assert all(before != after for before, after in zip(watch.levels, watch.levels[1:], strict=False))
    assert len(watch.levels) > 300
    # a look each 30 s, and those that changes and doubts ask for
    assert DAY_S / 30 < watch.looks < 4 * DAY_S / 30


def test_a_day_with_nobody_there_is_quiet() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    watch.run(DAY_S)
    assert watch.told == [(0, False)]
    assert watch.looks == DAY_S / 30


def test_a_viewer_of_the_page_counts_while_they_look() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    for tenth in range(200):
        kernel.at(10 + tenth / 10, watch.presence.note_viewer)
    watch.run(60)
    # seen last at 29.9, for 3 s; then the grace
    assert watch.told == [(0, False), (10, True), (37.9, False)]


def test_a_viewer_who_looks_all_the_time_wakes_nobody() -> None:
    kernel = FakeLoopback()
    watch = watching(kernel)
    for look in range(3000):
        kernel.at(10 + look / 30, watch.presence.note_viewer)
    watch.run(100)
    assert watch.levels == [False, True]
    assert watch.looks < 100


def test_without_a_probe_somebody_is_always_there_and_no_thread_runs() -> None:
    told: list[bool] = []
    presence = Presence()
    before = threading.active_count()
    presence.start(told.append)
    presence.note_viewer()
    assert (presence.is_present, told, threading.active_count()) == (True, [], before)
    presence.stop()


def test_the_thread_tells_and_ends() -> None:
    """On the real poll and clock; only the probe is the test's."""
    probe, is_there = Scripted(), threading.Event()
    presence = Presence(probe)
    presence.start(lambda level: is_there.set() if level else None)
    assert not presence.is_present
    probe.is_watched = True
    probe.wake()
    assert is_there.wait(PATIENCE_S)
    presence.stop()
    assert not presence._thread.is_alive()
    assert probe.is_closed
    presence.note_viewer()


def test_a_probe_that_is_being_read_is_not_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its files would be another's by the time that the reading thread gets the processor again."""
    monkeypatch.setattr("vcam.presence.presence.JOIN_S", 0.01)
    may_end = threading.Event()
    may_end.set()
    probe = Dawdling(may_end)
    presence = Presence(probe)
    presence.start(lambda level: None)
    probe.is_reading.clear()
    may_end.clear()
    probe.wake()
    assert probe.is_reading.wait(PATIENCE_S)
    presence.stop()
    assert not probe.is_closed
    assert "the presence thread hangs" in caplog.text
    may_end.set()
    presence._thread.join(PATIENCE_S)
    presence.stop()
    assert probe.is_closed


def test_to_settle_is_to_wait_for_a_look_that_began_since() -> None:
    probe = Scripted()
    presence = Presence(probe)
    presence.start(lambda level: None)
    for _ in range(20):
        place = object()
        probe.place = place
        presence.settle(PATIENCE_S)
        assert probe.read_at is place
    presence.stop()


def test_a_look_that_began_before_settles_nothing() -> None:
    may_end = threading.Event()
    may_end.set()
    probe = Dawdling(may_end)
    presence = Presence(probe, kernel=Releasing(may_end))
    presence.start(lambda level: None)
    probe.is_reading.clear()
    probe.wake()
    assert probe.is_reading.wait(PATIENCE_S)
    probe.place = place = object()
    presence.settle(PATIENCE_S)
    assert probe.read_at is place
    presence.stop()


def test_without_a_thread_there_is_nothing_to_settle() -> None:
    Presence().settle(PATIENCE_S)


def test_a_bug_leaves_the_camera_bright(caplog: pytest.LogCaptureFixture) -> None:
    probe, is_there = Scripted(), threading.Event()
    presence = Presence(probe)
    presence.start(lambda level: is_there.set() if level else None)
    probe.error = ValueError("a bug")
    probe.wake()
    assert is_there.wait(PATIENCE_S)
    assert presence.is_present
    presence.stop()
    assert "the webcam stays open" in caplog.text


class Scripted:
    """A probe that says what the test wants, and wakes when it wants."""

    def __init__(self) -> None:
        self.is_watched: bool | None = False
        self.error: Exception | None = None
        self.is_closed = False
        self.place = self.read_at = object()
        self._kernel = WatchingLinux()
        self._bell = self._kernel.make_bell()
        self.waits = {self._bell: POLLIN}

    def wake(self) -> None:
        self._kernel.ring(self._bell)

    def read(self, now_ns: int) -> ProbeReading:
        if self.error:
            raise self.error
        self._kernel.drain(self._bell)
        self.read_at = self.place
        return ProbeReading(self.is_watched)

    def close(self) -> None:
        self.is_closed = True
        self._kernel.close(self._bell)


class Dawdling(Scripted):
    """A probe that looks at once, and says what it saw once it is let, each time again."""

    def __init__(self, may_end: threading.Event) -> None:
        super().__init__()
        self.is_reading = threading.Event()
        self._may_end = may_end

    def read(self, now_ns: int) -> ProbeReading:
        place = self.place
        self.is_reading.set()
        assert self._may_end.wait(PATIENCE_S)
        self._may_end.clear()
        reading = super().read(now_ns)
        self.read_at = place
        return reading


class Releasing(WatchingLinux):
    """A kernel whose bell lets what dawdles go on: who settles rings it."""

    def __init__(self, may_go_on: threading.Event) -> None:
        self._may_go_on = may_go_on

    def ring(self, bell: int) -> None:
        super().ring(bell)
        self._may_go_on.set()
