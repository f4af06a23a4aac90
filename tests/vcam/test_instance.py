import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from children import PATIENCE_S, child, join

from vcam.errors import AlreadyRunningError, VcamError
from vcam.instance import FLOCK, HELD, Instance, holder

HOLD = "import sys; from pathlib import Path; from vcam.instance import Instance\n"
HOLD += "with Instance(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_instance_is_refused_with_the_firsts_pid(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Instance(path), pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}; .*sharpkd stop"):
        Instance(path).__enter__()


def test_the_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with Instance(path):
            assert holder(path) == os.getpid()
    assert holder(path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(path) == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
    assert path.exists()
    assert holder(path) is None
    with Instance(path):
        assert holder(path) == os.getpid()


def test_a_lock_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(VcamError, match=r"cannot lock .* No such file"):
        Instance(tmp_path / "missing/lock").__enter__()


def test_a_query_never_keeps_anybody_from_the_lock(tmp_path: Path) -> None:
    path, is_over = tmp_path / "lock", threading.Event()

    def poll() -> None:
        while not is_over.is_set():
            holder(path)

    pollers = [threading.Thread(target=poll, daemon=True) for _ in range(2)]
    for poller in pollers:
        poller.start()
    try:
        for _ in range(50):  # each second start failed, when a query took the lock for a moment
            with Instance(path):
                assert holder(path) == os.getpid()
    finally:
        is_over.set()
        join(pollers)


def test_a_pid_that_a_killed_holder_left_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("4242\n")
    descriptor = os.open(path, os.O_RDWR)
    wanted = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, HELD, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)  # as one that has not written its own pid yet
    assert holder(path) is None
    with pytest.raises(AlreadyRunningError, match="pid unknown"):
        Instance(path).__enter__()
    os.close(descriptor)


def test_who_deletes_the_lock_makes_no_room_for_a_second_holder(tmp_path: Path) -> None:
    path, guard = tmp_path / "run/lock", tmp_path / "state/lock"
    path.parent.mkdir()
    with Instance(path, guard) as first:
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        assert holder(path, guard) == os.getpid()
        with pytest.raises(AlreadyRunningError):
            Instance(path, guard).__enter__()
        assert list(path.parent.iterdir()) == []
        assert not first.is_in_place()
        first.renew()
        assert (first.is_whole(), holder(path)) == (True, os.getpid())
    assert [*path.parent.iterdir(), *guard.parent.iterdir()] == []


def test_a_holder_whose_place_was_taken_leaves_the_other_ones_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Instance(path) as first:
        path.unlink()
        with Instance(path):
            with pytest.raises(AlreadyRunningError):
                first.renew()
            first.__exit__(None, None, None)
            assert holder(path) == os.getpid()


def test_a_guard_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Instance(tmp_path / "lock", tmp_path / "file/lock") as instance:
        assert instance.is_whole()


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_a_lock_that_is_not_a_file_of_its_own_blocks_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "lock"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / "other")
    assert holder(path) is None
    with pytest.raises(VcamError, match="cannot lock"):
        Instance(path).__enter__()
