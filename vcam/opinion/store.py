"""The results of a study: one SQLite file, whole after a crash at any moment."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcam.errors import ConfigError
from vcam.opinion.plan import Order, Trial
from vcam.opinion.study import Kind

APPLICATION = 0x53_4B_4D_53  # "SKMS", in the file's header
VERSION = 1
PATIENCE_S = 10.0  # for another writer
SCHEMA = """
CREATE TABLE person (
  id TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL UNIQUE, joined_s REAL NOT NULL, about TEXT NOT NULL
) STRICT;
CREATE TABLE trial (
  person TEXT NOT NULL REFERENCES person(id) ON DELETE CASCADE, number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('training', 'gold', 'test')), pair TEXT NOT NULL,
  shown TEXT NOT NULL CHECK (shown IN ('ab', 'ba')), PRIMARY KEY (person, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE rating (
  person TEXT NOT NULL, number INTEGER NOT NULL, score INTEGER NOT NULL CHECK (score BETWEEN -3 AND 3),
  seconds REAL NOT NULL, replays INTEGER NOT NULL, width_px INTEGER NOT NULL, rated_s REAL NOT NULL,
  PRIMARY KEY (person, number),
  FOREIGN KEY (person, number) REFERENCES trial(person, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Vote:
    """A score, and what it was given for.

    score    of what was shown second, or on the right, over the other: -3 (much worse) to 3 (much better)
    seconds  from when the pair was handed out to the vote
    replays  how often the pair was watched again
    width_px of the clip on the person's screen, in its own pixels
    """

    person: str
    number: int
    kind: Kind
    pair: str
    shown: Order
    score: int
    seconds: float = 0.0
    replays: int = 0
    width_px: int = 0

    @property
    def b_over_a(self) -> int:
        return self.score if self.shown == "ab" else -self.score


@dataclass(frozen=True)
class Person:
    """Who takes part.

    trials  all that are planned, in order
    rated   numbers of those that have a score
    seconds that the ratings took
    """

    id: str
    trials: Sequence[Trial]
    rated: frozenset[int]
    seconds: float

    @property
    def next_trial(self) -> Trial | None:
        return next((trial for trial in self.trials if trial.number not in self.rated), None)


class Store:
    """The results' file. Any thread may call any method; each is one transaction.

    Raises ConfigError if the file is another program's, or cannot be read or written.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock

    def join(self, id: str, secret: str, about: Mapping[str, Any], trials: Sequence[Trial]) -> None:
        """Add a person with their trials."""
        with self._transaction(writes=True) as db:
            row = (id, _hash(secret), self._clock(), json.dumps(about))
            db.execute("INSERT INTO person VALUES (?, ?, ?, ?)", row)
            rows = [(id, trial.number, trial.kind, trial.pair, trial.shown) for trial in trials]
            db.executemany("INSERT INTO trial VALUES (?, ?, ?, ?, ?)", rows)

    def find(self, secret: str) -> Person | None:
        """The person with this secret; None if there is none."""
        with self._transaction() as db:
            found = db.execute("SELECT id FROM person WHERE secret_sha256 = ?", [_hash(secret)]).fetchone()
            if found is None:
                return None
            (id,) = found
            trials = db.execute(
                "SELECT number, kind, pair, shown FROM trial WHERE person = ? ORDER BY number", [id]
            ).fetchall()
            rated = db.execute("SELECT number, seconds FROM rating WHERE person = ?", [id]).fetchall()
        return Person(
            id,
            [Trial(*row) for row in trials],
            frozenset(number for number, _ in rated),
            sum(seconds for _, seconds in rated),
        )

    def rate(self, vote: Vote) -> bool:
        """Keep a vote; False if that trial has one already, which stays."""
        row = (vote.person, vote.number, vote.score, vote.seconds, vote.replays, vote.width_px, self._clock())
        with self._transaction(writes=True) as db:
            cursor = db.execute("INSERT OR IGNORE INTO rating VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            return cursor.rowcount == 1

    def forget(self, id: str) -> None:
        """Delete a person with all that is known of them."""
        with self._transaction(writes=True) as db:
            db.execute("DELETE FROM person WHERE id = ?", [id])

    def votes(self) -> list[Vote]:
        """All votes, of each person in the order of the trials."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT person, number, kind, pair, shown, score, seconds, replays, width_px"
                " FROM rating JOIN trial USING (person, number) ORDER BY person, number"
            ).fetchall()
        return [Vote(*row) for row in rows]

    def people(self) -> dict[str, dict[str, Any]]:
        """What each person said of their screen and eyes, by their ids, in the order of joining."""
        with self._transaction() as db:
            rows = db.execute("SELECT id, about FROM person ORDER BY joined_s, id").fetchall()
        return {id: json.loads(about) for id, about in rows}

    def asked(self) -> dict[str, int]:
        """How many people have each test pair among their trials."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT pair, count(DISTINCT person) FROM trial WHERE kind = 'test' GROUP BY pair"
            ).fetchall()
        return dict(rows)

    @contextmanager
    def _transaction(self, writes: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
            try:
                self._open(db)
                db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                with db:  # commits, or rolls back
                    yield db
            finally:
                db.close()
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"cannot use the results in {self.path}: {error}") from None

    def _open(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA synchronous = EXTRA")  # a power cut loses no vote that was answered
        db.execute("PRAGMA secure_delete = ON")  # who withdraws is not left in free pages
        db.execute("PRAGMA foreign_keys = ON")
        version, application = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        )
        if (application, version) == (0, 0):
            db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')}"
                f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            )
        elif (application, version) != (APPLICATION, VERSION):
            raise ConfigError(
                f"{self.path} holds no results of a study, or those of another version "
                f"({version}, expected {VERSION}): move it away"
            )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
