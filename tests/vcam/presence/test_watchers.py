import os
from pathlib import Path

import pytest
from fake_loopback import NODE, FakeLoopback
from manual_time import ManualTime

from vcam.presence import Watchers

OWN = 100


def process(proc: Path, pid: int, comm: bytes, *targets: Path) -> None:
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "comm").write_bytes(comm + b"\n")
    for number, target in enumerate(targets):
        (proc / str(pid) / "fd" / str(number)).symlink_to(target)


def watchers(proc: Path, time: ManualTime | None = None, node: Path | None = NODE) -> Watchers:
    clock = (time or ManualTime()).clock
    return Watchers(lambda: node, FakeLoopback(kind=0), proc=proc, own_pid=OWN, clock=clock)


def test_programs_that_have_the_node_open_are_named_once_and_in_order(tmp_path: Path) -> None:
    process(tmp_path, OWN, b"sharpkd", NODE)
    process(tmp_path, 1, b"zoom", NODE, NODE)
    process(tmp_path, 2, b"chromium", NODE)
    process(tmp_path, 3, b"chromium", NODE)
    process(tmp_path, 4, b"bash", Path("/dev/null"))
    assert watchers(tmp_path).names() == ("chromium", "zoom")


def test_a_name_that_would_write_to_the_terminal_is_made_harmless(tmp_path: Path) -> None:
    process(tmp_path, 1, b"\x1b[2J\xffab\ncd", NODE)
    (name,) = watchers(tmp_path).names()
    assert name.isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every process")
def test_a_process_that_may_not_be_looked_into_is_passed_by(tmp_path: Path) -> None:
    process(tmp_path, 1, b"root", NODE)
    process(tmp_path, 2, b"zoom", NODE)
    (tmp_path / "1" / "fd").chmod(0)
    assert watchers(tmp_path).names() == ("zoom",)


def test_without_a_virtual_camera_nobody_watches_it(tmp_path: Path) -> None:
    process(tmp_path, 1, b"zoom", NODE)
    assert watchers(tmp_path, node=None).names() == ()


def test_a_process_that_ends_meanwhile_has_no_name(tmp_path: Path) -> None:
    process(tmp_path, 1, b"zoom", NODE)
    (tmp_path / "1" / "comm").unlink()
    assert watchers(tmp_path).names() == ()


def test_all_processes_are_looked_through_every_few_seconds_alone(tmp_path: Path) -> None:
    time = ManualTime()
    asked = watchers(tmp_path, time)
    assert asked.names() == ()
    process(tmp_path, 1, b"zoom", NODE)
    assert asked.names() == ()
    time.now_ns += 3_000_000_000
    assert asked.names() == ("zoom",)
