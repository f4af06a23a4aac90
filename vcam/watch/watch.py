"""The watch itself: one file after the other, the oldest first, each once."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from vcam.errors import ConfigError, SinkError, SourceError, VcamError
from vcam.sinks.disk import make_folder
from vcam.watch.arrivals import Found, Settling, Version, look, version_of
from vcam.watch.journal import Entry, Journal, settle

POLL_S = 10.0  # between two looks, if nothing tells of a change
LEAST_REST = 20  # times what a look takes, between two: a folder of 100,000 files must not keep a core busy
SOONEST_S = 0.5  # between two looks while files are still changing
FIRST_RETRY_S, LAST_RETRY_S = 30.0, 600.0  # until writing is tried again
BLOCK = 1 << 20
# what is wrong with the output's disk, and no fault of the file that was to be written
DISK_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOENT),
    *(errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENXIO, errno.ENODEV),
)

Restore: TypeAlias = Callable[[Path, Path], None]  # a file into another, whole or not at all


@dataclass(frozen=True)
class Told:
    """How what happens is told: what is done, and what is wrong; one sentence each."""

    done: Callable[[str], None]
    wrong: Callable[[str], None]


class Watch:
    """Restores the files of a folder, as they arrive, into another one.

    folder, out  `out` may be in `folder`, and is then left out
    journal      entered, and recovered from what was begun
    restore      raises SourceError or ConfigError for a file that cannot be restored, SinkError if the copy
                 cannot be written; anything else ends the watch
    is_wanted    whether a file's ending is that of a picture or recording
    names        what the copy of a place may be called, the plainest name first
    waits        for a disk that cannot be written; else that is raised
    clock        steady seconds

    `code` is the exit code of the first file that could not be restored, else 0. `stalled` is why nothing can
    be written at present. `folders` are those that the last look went through.
    """

    def __init__(
        self,
        folder: Path,
        out: Path,
        journal: Journal,
        restore: Restore,
        told: Told,
        *,
        is_wanted: Callable[[Path], bool],
        names: Callable[[Path], Iterator[Path]],
        settling: Settling,
        waits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.code = 0
        self.is_idle = False
        self.stalled: SinkError | None = None
        self.folders: frozenset[Path] = frozenset()
        self._folder, self._out, self._journal = folder, out, journal
        self._restore_file, self._told = restore, told
        self._is_wanted, self._names = is_wanted, names
        self._settling, self._waits, self._clock = settling, waits, clock
        self._said: dict[Path, str] = {}  # by place: what was said of a file that waits for its user
        self._later_s: dict[Path, float] = {}  # by place: when a file that could not be read is tried again
        self._retry_s, self._resume_s = FIRST_RETRY_S, 0.0
        self._is_lost = False

    def step(self) -> float:
        """Look once, and restore the oldest complete file; returns the seconds until the next look.

        `is_idle` says afterwards whether all that is there is done, but for what is being written.
        """
        self.is_idle = False
        start_s = self._clock()
        if start_s < self._resume_s:
            return self._resume_s - start_s
        found = self._look()
        place = self._choose(found, start_s)
        if place is not None:
            self._take(place, found.files[place])
            return 0.0 if self.stalled is None else self._resume_s - self._clock()
        rest_s = LEAST_REST * (self._clock() - start_s)
        if self._settling.due_s is not None:
            return max(SOONEST_S, self._settling.due_s, rest_s)
        self.is_idle = True
        return max(POLL_S, rest_s)

    def _look(self) -> Found:
        try:
            found = look(self._folder, self._out, self._is_wanted)
        except OSError as error:
            if not self._is_lost:
                self._told.wrong(f"{self._folder} cannot be read ({error.strerror}); it is waited for")
            self._is_lost = True
            return Found({}, frozenset())
        self._is_lost = False
        self.folders = found.folders
        return found

    def _choose(self, found: Found, now_s: float) -> Path | None:
        """The place of the oldest file that can be restored now."""
        files = {place: version for place, version in found.files.items() if self._is_open(place, version)}
        complete = self._settling.complete(self._folder, files, now_s)
        for place in sorted(complete, key=lambda each: (files[each].mtime_ns, each)):
            if not self._has_moved(place, found) and self._may_begin(place):
                return place
        return None

    def _is_open(self, place: Path, version: Version) -> bool:
        """Whether this version of a file is still to be restored."""
        entry = self._journal[place]
        return entry is None or not (entry.is_over and entry.version.is_same(version))

    def _has_moved(self, place: Path, found: Found) -> bool:
        """Whether a file was done under another name, which it has no longer; then that is noted."""
        entry = self._journal.find(found.files[place])
        if entry is None or not entry.is_over or entry.place in found.files:
            return False
        self._note(replace(entry, place=place))
        return True

    def _may_begin(self, place: Path) -> bool:
        """Whether a file may be read and its copy written; what its user has to do is said once."""
        if self._clock() < self._later_s.get(place, 0.0):
            return False
        source, target = self._folder / place, self._out / self._target(place)
        try:
            source.open("rb").close()
        except PermissionError:
            self._say(place, SourceError(f"{source} may not be read by this user: chmod u+r {source}"))
            return False
        except OSError:
            return False  # gone, or looked at again
        if target.exists():
            remedy = f"{place} is left alone until that is moved away"
            self._say(place, SinkError(f"{target} is there already; {remedy}"))
            return False
        self._said.pop(place, None)
        return True

    def _say(self, place: Path, error: VcamError) -> None:
        """Say what is wrong with a file, unless it was said last."""
        self.code = self.code or error.exit_code
        if self._said.get(place) != str(error):
            self._told.wrong(str(error))
        self._said[place] = str(error)

    def _target(self, place: Path) -> Path:
        """What the copy is to be called: never as another file's, and never as that of an older version."""
        entry = self._journal[place]
        if entry is not None and entry.state != "done":  # nothing was written yet
            return entry.target
        taken = {each.target for each in self._journal.entries.values() if each.place != place}
        free = (name for name in self._names(place) if name not in taken)
        if entry is None:
            return next(free)
        return next(name for name in free if not (self._out / name).exists())

    def _take(self, place: Path, version: Version) -> None:
        before = self._journal[place]
        deaths = before.deaths if before is not None and before.version.is_same(version) else 0
        entry = Entry(place, version, self._target(place), "begun", deaths)
        try:
            self._begin(entry)
        except SinkError as error:
            self._note(settle(entry, self._out, has_died=False))
            if not self._waits:
                raise
            self._stall(error)
        except BaseException as error:
            has_died = isinstance(error, Exception) and not isinstance(error, VcamError)
            self._note(settle(entry, self._out, has_died))
            raise
        else:
            self._go_on()

    def _begin(self, entry: Entry) -> None:
        """Restore a file. Raises SinkError if the disk is at fault, and what nobody foresaw."""
        source, target = self._folder / entry.place, self._out / entry.target
        self._journal.write(entry)
        start_s = self._clock()
        try:
            make_folder(target.parent)
            self._restore_file(source, target)
        except (SourceError, ConfigError) as error:
            self._fail(entry, error)
        except SinkError as error:
            if _errno_of(error) in DISK_ERRORS:
                raise
            self._fail(entry, error)
        else:
            self._finish(entry, target, self._clock() - start_s)

    def _finish(self, entry: Entry, target: Path, took_s: float) -> None:
        if self._has_changed(entry):  # it was not complete: nor is the copy
            target.unlink(missing_ok=True)
            self._journal.write(replace(entry, state="stopped"))
            return
        sync_folder(target.parent)  # before it is noted: its name, too, has to outlast a power cut
        self._journal.write(replace(entry, state="done"))
        self._told.done(f"{entry.place} -> {target} in {took_s:.1f} s")

    def _fail(self, entry: Entry, error: SourceError | ConfigError | SinkError) -> None:
        """Note and say that a file cannot be restored, unless the reason may be gone the next time."""
        if self._has_changed(entry):
            self._journal.write(replace(entry, state="stopped"))
            return
        if not is_readable(self._folder / entry.place):
            self._journal.write(replace(entry, state="stopped"))
            self._say(entry.place, SourceError(f"{error}; it is tried again later"))
            self._later_s[entry.place] = self._clock() + FIRST_RETRY_S
            return
        self._journal.write(replace(entry, state="bad", reason=str(error)))
        self.code = self.code or error.exit_code
        self._told.wrong(str(error))

    def _has_changed(self, entry: Entry) -> bool:
        """Whether a file is another one than when it was begun; one that is gone has not changed."""
        now = version_of(self._folder / entry.place)
        return now is not None and not now.is_same(entry.version)

    def _stall(self, error: SinkError) -> None:
        """Wait: what is wrong with the disk is wrong for every file."""
        if self.stalled is None:
            self._told.wrong(f"{error}; it is tried again until that works")
        self.stalled = error
        self._resume_s = self._clock() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)

    def _go_on(self) -> None:
        if self.stalled is not None:
            self._told.done(f"{self._out} can be written again")
        self.stalled, self._retry_s = None, FIRST_RETRY_S

    def _note(self, entry: Entry) -> None:
        """Write what is known already, and would be found again if it cannot be written."""
        with suppress(SinkError):
            self._journal.write(entry)


def is_readable(path: Path) -> bool:
    """Whether all bytes of a file can be read now: a network folder may have been away for a moment."""
    try:
        with path.open("rb", buffering=0) as file:
            while file.read(BLOCK):
                pass
    except OSError:
        return False
    return True


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the file system can do that."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _errno_of(error: SinkError) -> int | None:
    return getattr(error.__cause__, "errno", None)
