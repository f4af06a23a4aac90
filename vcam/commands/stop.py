"""Stop the background camera and wait until it is gone."""

import argparse
import os
import signal
import time
from contextlib import suppress

from vcam.control.client import ControlClient
from vcam.errors import NotRunningError, VcamError
from vcam.instance import holder
from vcam.paths import Paths, user_paths

PATIENCE_S = 10.0
LOOK_S = 0.02


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    print("stopped" if stop(user_paths()) else "not running")
    return 0


def stop(paths: Paths, patience_s: float = PATIENCE_S) -> bool:
    """Ask the daemon to stop, and wait for it; False if none ran.

    Raises VcamError if it is still there after `patience_s`.
    """
    pid = holder(*paths.locks)
    if pid is None:
        return False
    _ask(paths, pid)
    deadline = time.monotonic() + patience_s
    while holder(*paths.locks) == pid:
        if time.monotonic() > deadline:
            raise VcamError(
                f"the camera, pid {pid}, is still there after {patience_s:g} s; "
                f"see: sharpkd logs; as the last resort, run: kill -9 {pid}"
            )
        time.sleep(LOOK_S)
    return True


def _ask(paths: Paths, pid: int) -> None:
    """By the control API; by a signal if that does not answer, as while it is starting."""
    try:
        ControlClient(paths.socket).command(stop=True)
    except NotRunningError:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
