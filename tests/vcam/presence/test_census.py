from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_loopback import NODE, FakeLoopback, Watch

from vcam.presence import CensusProbe, ProbeReading
from vcam.presence.probe import RESYNC_S

OWN, BROWSER, ROOT = 100, 200, 1
PHONE = Path("/dev/video9")  # another node of the driver
SECOND = 1_000_000_000


class System:
    """A process tree and a module's count of references, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.references = folder / "refcnt"
        self.kernel = FakeLoopback(kind=0)
        (self.proc / "net").mkdir(parents=True)
        (self.proc / "uptime").touch()
        for pid in (ROOT, OWN, BROWSER):
            (self.proc / str(pid) / "fd").mkdir(parents=True)
            self.open(pid, 0, Path("/dev/null"))
        self.open(OWN, 7)

    def open(self, pid: int, descriptor: int, target: Path = NODE) -> None:
        (self.proc / str(pid) / "fd" / str(descriptor)).symlink_to(target)
        self.kernel.touch()

    def close(self, pid: int, descriptor: int) -> None:
        (self.proc / str(pid) / "fd" / str(descriptor)).unlink()
        self.kernel.touch()

    def probe(self) -> CensusProbe:
        return CensusProbe(
            NODE,
            self.kernel,
            siblings=lambda: [NODE, PHONE],
            proc=self.proc,
            references=self.references,
            own_pid=OWN,
        ).open()

    def refer(self, count: int) -> None:
        self.references.write_text(f"{count}\n")


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


@pytest.fixture
def probe(system: System) -> Iterator[CensusProbe]:
    probe = system.probe()
    yield probe
    probe.close()
    assert system.kernel.watches == {}


def test_our_own_process_is_no_watcher(probe: CensusProbe) -> None:
    assert probe.read(0) == ProbeReading(False)
    assert probe.read(100 * SECOND) == ProbeReading(False)


def test_an_opener_watches_from_its_1_5th_second_on(system: System, probe: CensusProbe) -> None:
    system.open(BROWSER, 5)
    assert probe.read(10 * SECOND) == ProbeReading(False, 1.5)
    assert probe.read(11 * SECOND) == ProbeReading(False, 0.5)
    assert probe.read(round(11.5 * SECOND)) == ProbeReading(True)
    system.close(BROWSER, 5)
    assert probe.read(12 * SECOND) == ProbeReading(False)


def test_an_opener_that_comes_again_is_a_new_one(system: System, probe: CensusProbe) -> None:
    for second in range(20):
        system.open(BROWSER, 5)
        assert probe.read(second * SECOND).is_watched is False
        system.close(BROWSER, 5)
        assert probe.read(second * SECOND + 1) == ProbeReading(False, RESYNC_S)


def test_a_clock_set_back_is_not_known_so_present(system: System, probe: CensusProbe) -> None:
    system.open(BROWSER, 5)
    probe.read(10 * SECOND)
    assert probe.read(9 * SECOND).is_watched is True


def test_a_process_that_must_not_be_seen_is_unknown(system: System, probe: CensusProbe) -> None:
    system.kernel.hidden = {ROOT}
    assert probe.read(0).is_watched is None
    system.kernel.hidden = set()
    assert probe.read(0).is_watched is False


def test_a_hidden_process_does_not_matter_if_nobody_else_refers_to_the_module(
    system: System, probe: CensusProbe
) -> None:
    system.kernel.hidden = {ROOT}
    system.refer(1)
    assert probe.read(0).is_watched is False
    system.refer(2)
    assert probe.read(0).is_watched is None


def test_an_opener_that_was_found_accounts_for_its_reference(system: System, probe: CensusProbe) -> None:
    system.kernel.hidden = {ROOT}
    system.refer(2)
    system.open(BROWSER, 5)
    assert probe.read(0) == ProbeReading(False, 1.5)
    system.refer(3)
    assert probe.read(0).is_watched is None


def test_a_reference_of_a_process_that_is_not_listed_at_all_is_unknown(
    system: System, probe: CensusProbe
) -> None:
    system.refer(2)
    assert probe.read(0).is_watched is None


def test_a_phone_that_is_the_source_keeps_nobody_present(system: System, probe: CensusProbe) -> None:
    system.kernel.hidden = {ROOT}
    system.open(BROWSER, 5, PHONE)  # the program that feeds it
    system.open(OWN, 9, PHONE)  # the camera that reads it
    system.refer(3)
    assert probe.read(0) == ProbeReading(False)
    system.refer(4)  # and somebody whom we may not see
    assert probe.read(0).is_watched is None


def test_a_count_that_is_no_number_is_no_count(system: System, probe: CensusProbe) -> None:
    system.references.write_text("-\n")
    assert probe.read(0).is_watched is False
    system.kernel.hidden = {ROOT}
    assert probe.read(0).is_watched is None


def test_a_process_that_ends_meanwhile_is_passed_by(system: System, probe: CensusProbe) -> None:
    (system.proc / "300").mkdir()
    assert probe.read(0).is_watched is False


def test_without_a_process_tree_nothing_is_known(system: System) -> None:
    probe = CensusProbe(NODE, system.kernel, proc=Path("/nowhere"), own_pid=OWN)
    assert probe.read(0).is_watched is None


def test_enumeration_leaves_the_webcam_closed_and_a_call_opens_it(system: System) -> None:
    watch = Watch(system.kernel, system.probe())
    system.kernel.at(60, lambda: system.open(BROWSER, 5))
    system.kernel.at(61.4, lambda: system.close(BROWSER, 5))
    watch.run(100)
    assert watch.told == [(0, False)]
    system.kernel.at(10, lambda: system.open(BROWSER, 6))
    system.kernel.at(40, lambda: system.close(BROWSER, 6))
    watch.run(100)
    assert watch.told == [(0, False), (111.5, True), (145, False)]


def test_one_opening_wakes_once(system: System) -> None:
    watch = Watch(system.kernel, system.probe())
    system.kernel.at(10, lambda: system.open(BROWSER, 5))
    watch.run(29.9)
    # at the opening, when it is 1.5 s old, and at the end
    assert watch.looks == 3


def test_a_lost_wake_up_is_made_good_within_30_seconds(system: System) -> None:
    watch = Watch(system.kernel, system.probe())
    (system.proc / str(BROWSER) / "fd" / "5").symlink_to(NODE)
    watch.run(31.6)
    assert watch.told == [(0, False), (31.5, True)]
