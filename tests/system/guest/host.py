"""Programs, waiting and modules of the machine that is tested."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LIMIT_S = 60.0


def run(*command: str, limit_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever code it gives. Raises subprocess.TimeoutExpired."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s)


def succeed(*command: str, limit_s: float = LIMIT_S) -> str:
    """What a program prints. Raises AssertionError with its errors if it fails."""
    done = run(*command, limit_s=limit_s)
    said = done.stdout[-500:] + done.stderr[-500:]
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}: {said}"
    return done.stdout


def until(what: str, find: Callable[[], T], limit_s: float = LIMIT_S, pause_s: float = 0.2) -> T:
    """Ask again and again; what `find` returns once that is true. Raises AssertionError after the limit."""
    deadline_s = time.monotonic() + limit_s
    while not (found := find()):
        assert time.monotonic() < deadline_s, f"not within {limit_s:g} s: {what}"
        time.sleep(pause_s)
    return found


def holders(node: Path) -> list[int]:
    """The processes that have a device open."""
    processes = (process for process in Path("/proc").iterdir() if process.name.isdecimal())
    return [int(process.name) for process in processes if node in _open_files(process)]


def _open_files(process: Path) -> list[Path]:
    found = []
    with suppress(OSError):  # the process has ended
        for link in (process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile, which the next link is not
                found.append(link.readlink())
    return found


def is_loaded(module: str) -> bool:
    return Path(f"/sys/module/{module}").exists()
