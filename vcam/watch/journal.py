"""What was done with each file that arrived: a line of JSON for each change, written before the next step.

A killed program, or a machine without power, loses at most the line that it was about to write; the file that
was begun then tells by itself whether it was finished, as it appears under its name only when it is whole.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Self, TypeAlias

from vcam.errors import SinkError
from vcam.partial import make_partial, partials_of
from vcam.sinks.disk import explain
from vcam.watch.arrivals import Version

NAME = ".sharpkd-watch.jsonl"
MOST_DEATHS = 3  # of the program while it restored one file, after which it is left alone
SLACK_LINES = 1000  # beyond one a file, from which on the journal is written again

State: TypeAlias = Literal["begun", "stopped", "done", "bad"]
STATES = ("begun", "stopped", "done", "bad")


@dataclass(frozen=True)
class Entry:
    """The last that is known of a file.

    place    in the watched folder
    target   its restored copy's place in the output folder
    state    begun: being restored, or the program was killed meanwhile; stopped: it was told to end;
             bad: it cannot be restored
    deaths   how often the program was killed while it restored this version
    reason   why it is bad
    """

    place: Path
    version: Version
    target: Path
    state: State
    deaths: int = 0
    reason: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "bad")


class Journal:
    """The entries of an output folder by place, kept in a file there while it is entered.

    lost_lines  that could not be read
    `__enter__` and `write` raise SinkError if the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.lost_lines = 0
        self._path = folder / NAME
        self._entries: dict[Path, Entry] = {}
        self._by_version: dict[Version, Entry] = {}
        self._file: int | None = None

    def __enter__(self) -> Self:
        try:
            lines = self._read()
            if lines > len(self._entries) + SLACK_LINES:
                self._rewrite()
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise SinkError(explain(self._path, error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __getitem__(self, place: Path) -> Entry | None:
        return self._entries.get(place)

    @property
    def entries(self) -> Mapping[Path, Entry]:
        return self._entries

    def find(self, version: Version) -> Entry | None:
        """The entry that was kept last of a version, whatever its place."""
        return self._by_version.get(version)

    def write(self, entry: Entry) -> None:
        """Note what is known of a file now.

        It is on the disk when this returns; if that fails, it is known here all the same.
        """
        assert self._file is not None
        self._keep(entry)
        try:
            _write_all(self._file, _line(entry))
            os.fsync(self._file)
        except OSError as error:
            raise SinkError(explain(self._path, error)) from error

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.place] = self._by_version[entry.version] = entry

    def _read(self) -> int:
        """Take the entries from the file; returns how many lines it has."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return 0
        for line in filter(None, lines):
            try:
                self._keep(_entry(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                self.lost_lines += 1
        return len(lines)

    def _rewrite(self) -> None:
        partial = make_partial(self._path)
        with partial.open("wb") as file:
            file.writelines(map(_line, self._entries.values()))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)


def recover(journal: Journal, out: Path) -> Iterator[Entry]:
    """Settle what a killed program had begun; each new entry is written and given."""
    for entry in [each for each in journal.entries.values() if each.state == "begun"]:
        settled = settle(entry, out, has_died=True)
        journal.write(settled)
        yield settled


def settle(entry: Entry, out: Path, has_died: bool) -> Entry:
    """What has become of a file that was begun and not noted as done.

    has_died  the program was killed, or failed in a way that it did not foresee

    A target that is there is whole. What is left of one that is not is removed, and the file is begun again,
    unless the program has died MOST_DEATHS times of it.
    """
    target = out / entry.target
    if target.exists():
        return replace(entry, state="done")
    for path in partials_of(target):  # nobody else writes this target
        with suppress(OSError):
            path.unlink()
    deaths = entry.deaths + has_died
    if deaths < MOST_DEATHS:
        return replace(entry, state="stopped", deaths=deaths)
    reason = f"the program has ended {deaths} times while it was restored"
    return replace(entry, state="bad", deaths=deaths, reason=reason)


def _line(entry: Entry) -> bytes:
    table = asdict(entry) | {"place": str(entry.place), "target": str(entry.target)}
    return b"\n" + json.dumps(table).encode()  # in front: a line may follow one that was torn


def _entry(table: dict[str, object]) -> Entry:
    """The entry of a line. Raises ValueError, TypeError or KeyError if it is none."""
    # a JSON table
    entry = Entry(**{**table, "place": Path(table["place"]), "target": Path(table["target"])})  # type: ignore[arg-type]
    if entry.state not in STATES or not isinstance(entry.deaths, int):
        raise ValueError(f"{entry.state} is no state")
    return replace(entry, version=Version(**entry.version))  # type: ignore[arg-type]  # it is a table until here


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
