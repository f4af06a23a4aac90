"""Files that somebody names: regular ones only, of a bounded size, and never waited for without end.

A FIFO without a writer blocks whoever opens it, /dev/zero has no end, and where a file server has gone, even
`stat` does not return.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vcam.deadline import call_within

T = TypeVar("T")

PATIENCE_S = 2.0  # a healthy disk answers in milliseconds, one that must spin up is read from the cache


def check_regular(path: Path, patience_s: float = PATIENCE_S) -> None:
    """Raise OSError, whose `strerror` is the reason, unless the path is a regular file.

    FileNotFoundError, PermissionError and IsADirectoryError are what they always are; TimeoutError means that
    its file system does not answer.
    """
    found = within(patience_s, str(path), lambda: stat_of(path))
    _check_kind(found.st_mode)


def read_small(path: Path, limit: int, patience_s: float = PATIENCE_S) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises OSError as `check_regular` does."""
    return within(patience_s, str(path), lambda: _read(path, limit))


def within(patience_s: float, name: str, work: Callable[[], T]) -> T:
    """The result of `work`, or what it raised; TimeoutError if it takes too long.

    patience_s  longest wait in seconds; up to four times as long for work that takes processor time, see
                vcam.deadline
    name        of the thing that may hang: while one call for it does, the next ones fail at once
    """
    try:
        return call_within(patience_s, f"file {name}", work)
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, "its file system does not answer") from None


def stat_of(path: Path) -> os.stat_result:
    """What `path.stat()` says. Raises OSError also for a name that no file can have."""
    try:
        return path.stat()
    except ValueError as error:  # a null byte, or half a surrogate pair
        raise OSError(errno.EINVAL, "not a valid file name") from error


def _read(path: Path, limit: int) -> bytes:
    _check_kind(stat_of(path).st_mode)
    # it may have become another since: without O_NONBLOCK, opening a FIFO waits for its writer
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        _check_kind(os.fstat(handle).st_mode)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes")
    return content


def _check_kind(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "a directory, expected a file")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a pipe or a device, expected a regular file")
