"""A folder outside the repository for what takes minutes to make and seldom changes."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

VARIABLE = "SHARPKD_SYSTEM_CACHE"
UNUSED_S = 14 * 24 * 3600


def cache_folder() -> Path:
    """Where everything lies, some 4 GB of disk images: $SHARPKD_SYSTEM_CACHE, or the user's cache."""
    named = os.environ.get(VARIABLE)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "sharpkd-system-test"


def key_of(parts: Iterable[str]) -> str:
    """A short name for what something is made of: other parts, another name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by `make` if it is not there; one that was interrupted is begun again.

    make  fills an empty folder, whose name is another one until it is complete

    Folders of the same stem that nobody has used for two weeks are removed: they would fill the disk.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs would build the same
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
        os.utime(folder)
        stem = folder.name.rpartition("-")[0]
        for old in folder.parent.glob(f"{stem}-*"):
            if time.time() - old.stat().st_mtime > UNUSED_S:
                shutil.rmtree(old)
    return folder
