"""What files on a disk have in common: whether they may be made, when they are there, why they are not."""

import errno
import os
from pathlib import Path

import av

from vcam.errors import SinkError

REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space or choose another disk",
    errno.EDQUOT: "Your disk quota is used up: free some space or choose another disk",
    errno.EFBIG: "The file is larger than this system allows: raise `ulimit -f` or choose another disk",
    errno.EACCES: "Choose a folder you may write to",
    errno.EPERM: "Choose a folder you may write to",
    errno.EROFS: "The disk is read-only: choose another one",
    errno.ENOENT: "Make its folder first, or choose one that exists",
}


def check_free(path: Path, force: bool) -> None:
    """Raise SinkError if a file of this name is there, unless it may be overwritten, and is a regular one."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise SinkError(f"cannot write {path}: it is not a regular file; name another")
    if os.path.exists(path) and not force:
        raise SinkError(f"{path} is there already; name another file, or overwrite it with --force")


def check_not_input(source: Path, target: Path) -> None:
    """Raise SinkError if a file would be written over the one that is read."""
    if os.path.exists(target) and os.path.exists(source) and target.samefile(source):
        raise SinkError(f"{target} is the input itself; name another file")


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises SinkError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(explain(path, error)) from error


def sync(path: Path) -> None:
    """Wait until the bytes are on the disk: some file systems say only now that it is full."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def explain(path: Path, error: OSError | av.FFmpegError) -> str:
    remedy = REMEDIES.get(error.errno or 0, "Choose another path")
    return f"cannot write {path}: {error.strerror}. {remedy}"
