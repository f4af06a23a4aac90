import errno

import pytest
from fake_loopback import NODE, UBUNTU_USAGE, USAGE, FakeLoopback

from vcam.presence import EventProbe
from vcam.v4l2loopback.usage_events import EVENT, SUBSCRIPTION, newest_usage, subscribe


def test_the_structs_are_as_long_as_their_ioctls_say() -> None:
    # bits 16 to 29 of an ioctl's number are the size of what it carries
    assert SUBSCRIPTION.size == 0x4020565A >> 16 & 0x3FFF
    assert EVENT.size == 0x80885659 >> 16 & 0x3FFF


@pytest.mark.parametrize("kind", [USAGE, UBUNTU_USAGE])
@pytest.mark.parametrize(("watchers", "is_watched"), [(0, False), (1, True), (3, True)])
def test_the_level_is_read_from_a_fresh_descriptor(kind: int, watchers: int, is_watched: bool) -> None:
    kernel = FakeLoopback(kind)
    kernel.watchers = watchers
    assert EventProbe(NODE, kind, kernel).read(0).is_watched == is_watched


def test_a_lost_event_is_seen_at_the_next_reading() -> None:
    kernel = FakeLoopback()
    probe = EventProbe(NODE, USAGE, kernel)
    assert probe.read(0).is_watched is False
    kernel.is_losing = True
    kernel.set_watchers(1)
    assert probe.read(0).is_watched is True


def test_one_descriptor_is_open_at_a_time_and_none_after_the_close() -> None:
    kernel = FakeLoopback()
    probe = EventProbe(NODE, USAGE, kernel)
    for _ in range(5):
        probe.read(0)
        assert list(probe.waits) == list(kernel.queues)
    assert (kernel.opened, kernel.most_open) == (5, 1)
    probe.close()
    assert kernel.queues == {}
    assert probe.waits == {}


def test_a_reading_leaves_no_event_behind_that_would_wake_at_once() -> None:
    kernel = FakeLoopback()
    probe = EventProbe(NODE, USAGE, kernel)
    for _ in range(3):
        probe.read(0)
        kernel.poll(probe.waits, 1)
    assert kernel.now_s == 7 + 3


@pytest.mark.parametrize("number", [errno.EBUSY, errno.ENOENT, errno.EACCES])
def test_a_node_that_cannot_be_opened_is_unknown(number: int) -> None:
    kernel = FakeLoopback()
    probe = EventProbe(NODE, USAGE, kernel)
    probe.read(0)
    kernel.refusal = number
    assert probe.read(0).is_watched is None
    assert (kernel.queues, probe.waits) == ({}, {})
    kernel.refusal = 0
    assert probe.read(0).is_watched is False


def test_a_driver_that_no_longer_knows_the_event_is_unknown() -> None:
    kernel = FakeLoopback()
    probe = EventProbe(NODE, USAGE, kernel)
    probe.read(0)
    kernel.kind = 0
    assert probe.read(0).is_watched is None
    assert kernel.queues == {}


def test_a_driver_that_sends_no_level_is_unknown() -> None:
    class Silent(FakeLoopback):
        def _broadcast(self) -> None:
            pass

    assert EventProbe(NODE, USAGE, Silent()).read(0).is_watched is None


def test_the_newest_event_counts_and_others_do_not() -> None:
    kernel = FakeLoopback()
    descriptor = kernel.open(NODE)
    subscribe(kernel, descriptor, USAGE)
    kernel.queues[descriptor] = [0, 2, 0, 1]
    assert newest_usage(kernel, descriptor, USAGE) == 1
    assert newest_usage(kernel, descriptor, USAGE) is None
    kernel.queues[descriptor] = [1]
    assert newest_usage(kernel, descriptor, UBUNTU_USAGE) is None
