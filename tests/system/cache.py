"""A folder outside the repository for what takes minutes to make and seldom changes."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

VARIABLE = "SHARPKD_SYSTEM_CACHE"


def cache_folder() -> Path:
    """Where everything lies: $SHARPKD_SYSTEM_CACHE, or the user's cache. A folder of disk images: some 3 GB."""
    named = os.environ.get(VARIABLE)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "sharpkd-system-test"


def key_of(parts: Iterable[str]) -> str:
    """A short name for what something is made of: other parts, another name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by `make` if it is not there; one that was interrupted is begun anew.

    make  fills an empty folder, whose name is another one until it is complete

    Others with the same stem are from other versions and are removed: they would fill the disk.
    """
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    make(partial)
    stem = folder.name.rpartition("-")[0]
    for old in folder.parent.glob(f"{stem}-*"):
        if old != partial:
            shutil.rmtree(old)
    partial.rename(folder)
    return folder
