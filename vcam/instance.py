"""One daemon a user: a lock that the kernel takes back when its holder dies."""

import fcntl
import os
import struct
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from vcam.errors import AlreadyRunningError, VcamError

# Two bytes of the file are locked. Whoever has the first is the holder. The second is locked once the pid of
# the holder is in the file: a query looks there, and so never reads the pid of one that was killed long ago.
HELD, ANNOUNCED = 0, 1
SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # no link, and no FIFO that is waited for
FLOCK = struct.Struct("hhqqi0q")  # type, whence, start, length, pid: fcntl(2)'s struct flock, 64 bits wide


class Instance:
    """Holds the lock file while it is entered; the file carries the holder's pid.

    guard  a second lock file, in a folder that lives longer than the first one's, if it can be used at all:
           who deletes the first file does not make room for a second holder

    A file that a killed holder left behind is taken over silently: the lock died with its holder.
    """

    def __init__(self, path: Path, guard: Path | None = None) -> None:
        self._lock = _File(path)
        self._guard = None if guard is None else _File(guard)

    def __enter__(self) -> Self:
        """Take the lock. Raises AlreadyRunningError if another process holds one of its files."""
        with ExitStack() as undo:
            self._lock.take()
            undo.callback(self._lock.release)
            self._take_guard()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
        if self._guard is not None:
            self._guard.release()

    def is_in_place(self) -> bool:
        """Whether the lock file is still the one that was taken; not after somebody deleted it."""
        return self._lock.is_whole()

    def is_whole(self) -> bool:
        """Whether the guard, too, is still there, where it can be used at all."""
        return self.is_in_place() and (self._guard is None or self._guard.is_whole())

    def renew(self) -> None:
        """Make the files again that were deleted.

        Raises AlreadyRunningError if another process took their place meanwhile, VcamError if they cannot be
        made; then nothing has changed.
        """
        if not self.is_in_place():
            self._lock.take()
        if self._guard is not None and not self._guard.is_whole():
            self._take_guard()

    def _take_guard(self) -> None:
        if self._guard is None:
            return
        with suppress(OSError):
            self._guard.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        try:
            self._guard.take()
        except AlreadyRunningError:
            raise
        except VcamError:  # a home that is read-only, or on a server without locks: the lock alone has to do
            self._guard.release()
            self._guard = None


class _File:
    """One lock file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Lock the file that the path names, in place of one that was locked before.

        Raises AlreadyRunningError or VcamError; then nothing has changed.
        """
        taken = None
        while taken is None:
            taken = _lock(self.path)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = taken

    def is_whole(self) -> bool:
        return self._descriptor is not None and _is_file_of(self._descriptor, self.path)

    def release(self) -> None:
        """Remove the file, if it is still the one that was locked, and let go of it."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            if self.is_whole():
                self.path.unlink()
        os.close(self._descriptor)
        self._descriptor = None


def _lock(path: Path) -> int | None:
    """The locked descriptor, or None if the file was replaced in between and has to be tried again."""
    try:
        with ExitStack() as undo:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | SAFELY, 0o600)
            undo.callback(os.close, descriptor)
            if not _take(descriptor, HELD):
                pid = holder(path)
                raise AlreadyRunningError(
                    f"already running, pid {pid or 'unknown'}; stop it with: sharpkd stop"
                )
            if not _is_file_of(descriptor, path):
                return None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            _take(descriptor, ANNOUNCED)
            undo.pop_all()
    except OSError as error:
        raise VcamError(f"cannot lock {path}: {error.strerror}. Check its folder") from error
    return descriptor


def holder(*paths: Path) -> int | None:
    """The pid of the process that holds one of these lock files, or None if nobody does.

    The lock is looked at, never taken: a start at the same moment succeeds.
    """
    pids = (_holder(path) for path in paths)
    return next((pid for pid in pids if pid is not None), None)


def _holder(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | SAFELY)
    except OSError:
        return None
    try:
        if not _is_taken(descriptor, ANNOUNCED):
            return None
        pid = os.pread(descriptor, 32, 0).strip()
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return int(pid) if pid.isdigit() else None


def _is_file_of(descriptor: int, path: Path) -> bool:
    """Whether the path still names this file: a holder removes it before it releases the lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False


def _take(descriptor: int, byte: int) -> bool:
    """Lock one byte of a file for as long as the descriptor is open; False if another one has it."""
    wanted = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    try:
        # of the open file: a lock of the process would be lost with the next close of any descriptor of it
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_taken(descriptor: int, byte: int) -> bool:
    wanted = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    found, *_ = FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, wanted))
    return found != fcntl.F_UNLCK
