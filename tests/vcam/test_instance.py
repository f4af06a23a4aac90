import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vcam.errors import AlreadyRunningError, VcamError
from vcam.instance import Instance, holder

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
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(path) == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.exists()
    assert holder(path) is None
    with Instance(path):
        assert holder(path) == os.getpid()


def test_a_lock_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(VcamError, match=r"cannot open the lock .* No such file"):
        Instance(tmp_path / "missing/lock").__enter__()
