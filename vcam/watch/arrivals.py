"""Which files are in a folder, and which of them are complete."""

import fcntl
import os
import signal
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

UNKNOWN_S = 10.0  # for which a file must not change where nobody knows whether it is open


@dataclass(frozen=True)
class Version:
    """What a file is known by: another size or time of change makes it another file."""

    size: int
    mtime_ns: int
    inode: int = 0

    def is_same(self, other: "Version") -> bool:
        """Whether both are the same content; some network folders give inodes again."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


@dataclass(frozen=True)
class Found:
    """What one look at a folder has found.

    files    by their places in the folder
    folders  it and those in it
    """

    files: Mapping[Path, Version]
    folders: frozenset[Path]


def look(folder: Path, without: Path, is_wanted: Callable[[Path], bool]) -> Found:
    """All files of a folder and of those in it that are wanted and not empty.

    without    a folder that is left out, with all that is in it
    is_wanted  is asked for each file's path

    Hidden files and folders are left out: they are other programs' temporary ones, and ours.
    Raises OSError if the folder itself cannot be read; what cannot be read in it is left out.
    """
    os.scandir(folder).close()  # walk says nothing of it
    files, folders = {}, set()
    for name, below, names in os.walk(folder):
        here = Path(name)
        folders.add(here)
        below[:] = [each for each in below if not each.startswith(".") and not _is_same(here / each, without)]
        for each in names:
            path = here / each
            version = None if each.startswith(".") or not is_wanted(path) else version_of(path)
            if version is not None:
                files[path.relative_to(folder)] = version
    return Found(files, frozenset(folders))


def version_of(path: Path) -> Version | None:
    """What a file is now; None if there is none, if it is empty, or no regular file."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return None
    return Version(found.st_size, found.st_mtime_ns, found.st_ino)


def is_written(path: Path) -> bool | None:
    """Whether any process has a file open for writing; None where the system does not say.

    The kernel lends a file for reading (a lease) only while nobody writes to it; it does so for one's own
    files, and not in every network folder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # who opens it for writing in this moment has the kernel tell us, by default with a signal that kills
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False


class Settling:
    """Tells which files are complete: closed by who wrote them, and unchanged for some time.

    settle_s    for which a file must not change
    is_written  whether a path is open for writing, or None; asked of files that have not changed so long

    Where it is not known whether a file is open, it must not change for UNKNOWN_S at least.
    `due_s` is in how many seconds, after `complete`, the next file may be; None if there is none to wait for.
    """

    def __init__(self, settle_s: float, is_written: Callable[[Path], bool | None] = is_written) -> None:
        self._settle_s = settle_s
        self._is_written = is_written
        self.due_s: float | None = None
        self._since: dict[Path, tuple[Version, float]] = {}

    def complete(self, folder: Path, files: Mapping[Path, Version], now_s: float) -> list[Path]:
        """The places of complete files among these, seen at a time of any steady clock."""
        self._since = {place: self._first_seen(place, version, now_s) for place, version in files.items()}
        complete, dues_s = [], []
        for place, (_, since_s) in self._since.items():
            quiet_s = now_s - since_s
            if quiet_s < self._settle_s:
                dues_s.append(self._settle_s - quiet_s)
                continue
            written = self._is_written(folder / place)
            if written is False or (written is None and quiet_s >= UNKNOWN_S):
                complete.append(place)
            elif written is None:
                dues_s.append(UNKNOWN_S - quiet_s)
        self.due_s = min(dues_s, default=None)
        return complete

    def _first_seen(self, place: Path, version: Version, now_s: float) -> tuple[Version, float]:
        known = self._since.get(place)
        return known if known is not None and known[0].is_same(version) else (version, now_s)


def _is_same(path: Path, other: Path) -> bool:
    with suppress(OSError):
        return path.samefile(other)
    return False
