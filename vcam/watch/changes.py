"""Waiting for changes in folders: as soon as the kernel tells of one, and after some time in any case."""

import ctypes
import os
import select
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

# of sys/inotify.h: IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE (a folder, to be followed, too), IN_ATTRIB
CHANGES = 0x08 | 0x80 | 0x100 | 0x04
READ_BYTES = 65536
GATHER_S = 0.1  # a hundred files that are copied wake up once, or nearly so


class Changes:
    """Wakes up who waits when a file in one of some folders is closed after writing, or moved there.

    It only wakes up: who is woken looks for himself what has changed. So nothing is lost where the kernel
    tells nothing, as of a network folder that another machine writes to, or where its watches are used up.
    """

    def __init__(self) -> None:
        self._inotify: int | None = None
        self._libc = ctypes.CDLL(None, use_errno=True)  # Python has no inotify of its own

    def __enter__(self) -> Self:
        descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._inotify = descriptor if descriptor >= 0 else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._inotify is not None:
            os.close(self._inotify)
            self._inotify = None

    def follow(self, folders: Iterable[Path]) -> bool:
        """Tell of changes in these, too; False if not all of them can be followed.

        One that is followed already costs a system call, and one that was made again is followed again.
        """
        if self._inotify is None:
            return False
        answers = [self._libc.inotify_add_watch(self._inotify, os.fsencode(f), CHANGES) for f in folders]
        return min(answers, default=0) >= 0

    def wait(self, timeout_s: float) -> None:
        """Return after a change, or after the time."""
        poller = select.poll()
        if self._inotify is not None:
            poller.register(self._inotify, select.POLLIN)
        if poller.poll(max(0.0, timeout_s) * 1000):
            time.sleep(GATHER_S)
        with suppress(BlockingIOError):
            while self._inotify is not None and os.read(self._inotify, READ_BYTES):
                pass
