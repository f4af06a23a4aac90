"""Show the end of the background camera's log."""

import argparse
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from vcam.errors import NotRunningError, VcamError
from vcam.paths import user_paths
from vcam.regular import check_regular

LOOK_S = 0.3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on showing what is added")
    parser.add_argument("-n", "--lines", type=int, default=20, metavar="N", help="lines; default: 20")


def run(args: argparse.Namespace) -> int:
    path = user_paths().log
    for line in read_log(path, args.lines):
        print(line)
    if args.follow:
        for line in follow(path, lambda: time.sleep(LOOK_S)):
            print(line, flush=True)
    return 0


def read_log(path: Path, count: int) -> list[str]:
    """The log's last lines. Raises NotRunningError if there is none, VcamError if it cannot be read."""
    try:
        check_regular(path)
        return last_lines(path, count)
    except (FileNotFoundError, NotADirectoryError):
        raise NotRunningError(
            f"no log at {path}: the camera was never started here. Run: sharpkd start"
        ) from None
    except OSError as error:
        raise VcamError(f"cannot read the log {path}: {error.strerror}; remove it") from None


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a text file, without their ends."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, max(0, count))]


def follow(path: Path, wait: Callable[[], None]) -> Iterator[str]:
    """The lines added to a file from now on, for ever; one that is rotated is read on under its old name."""
    file = path.open(encoding="utf-8", errors="replace")
    file.seek(0, 2)
    rest = ""
    while True:
        rest += file.read()
        *lines, rest = rest.split("\n")
        yield from lines
        if not lines and path.exists() and path.stat().st_ino != _inode(file.fileno()):
            file.close()
            file = path.open(encoding="utf-8", errors="replace")
        elif not lines:
            wait()


def _inode(descriptor: int) -> int:
    return os.fstat(descriptor).st_ino
