import errno
from pathlib import Path

import pytest
from fake_loopback import NODE, UBUNTU_USAGE, USAGE, FakeLoopback

from vcam.presence import CensusProbe, EventProbe, find_probe


@pytest.mark.parametrize("kind", [USAGE, UBUNTU_USAGE])
def test_a_driver_with_events_is_asked_by_them(kind: int) -> None:
    kernel = FakeLoopback(kind)
    kernel.watchers = 1
    probe = find_probe(NODE, kernel)
    assert isinstance(probe, EventProbe)
    assert probe.read(0).is_watched is True
    probe.close()
    assert (kernel.queues, kernel.watches) == ({}, {}), "nothing stays open"


def test_a_driver_without_events_is_watched_by_a_census(tmp_path: Path) -> None:
    kernel = FakeLoopback(kind=0)
    probe = find_probe(NODE, kernel, proc=tmp_path, references=tmp_path / "refcnt")
    assert isinstance(probe, CensusProbe)
    assert probe.read(0).is_watched is False
    assert list(probe.waits) == list(kernel.watches)
    probe.close()
    assert (kernel.queues, kernel.watches) == ({}, {})


def test_a_driver_that_tells_nothing_has_no_probe() -> None:
    kernel = FakeLoopback(kind=0)
    kernel.cannot_watch = True
    assert find_probe(NODE, kernel) is None
    kernel.refusal = errno.EACCES
    assert find_probe(NODE, kernel) is None
    assert kernel.queues == {}
