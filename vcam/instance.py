"""One daemon a user: a lock that the kernel takes back when its holder dies."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from vcam.errors import AlreadyRunningError, VcamError


class Instance:
    """Holds the lock file while it is entered; the file carries the holder's pid.

    A file that a killed daemon left behind is taken over without a word: the lock died with its holder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises AlreadyRunningError if another process holds it."""
        while self._descriptor is None:
            self._descriptor = _lock(self.path)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._descriptor is not None
        with suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)
        self._descriptor = None


def _lock(path: Path) -> int | None:
    """The locked descriptor, or None if the file was replaced in between and has to be tried again."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VcamError(f"cannot open the lock {path}: {error.strerror}. Check its folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        pid = holder(path)
        raise AlreadyRunningError(
            f"already running, pid {pid or 'unknown'}; stop it with: sharpkd stop"
        ) from None
    if _is_file_of(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def _is_file_of(descriptor: int, path: Path) -> bool:
    """Whether the path still names this file: a holder that ends removes it before it lets go."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def holder(path: Path) -> int | None:
    """The pid of the process that holds the lock, or None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).strip()
        return int(pid) if pid.isdigit() else None
    finally:
        os.close(descriptor)
    return None
