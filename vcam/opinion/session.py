"""The people who take part: who joins, what each is shown next, and what they say of it."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from vcam.errors import VcamError
from vcam.opinion.plan import LONGEST_S, READING_S, Trial, plan_trials
from vcam.opinion.store import Person, Store, Vote
from vcam.opinion.study import MEDIA, RESULTS, Study

LONGEST_VOTE_S = 180.0  # more is a break, which does not count as watching
HURRY = 0.9  # of a pair's length: the least time from its hand-out to the vote


class RefusedError(VcamError):
    """A request that cannot be answered; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class About(BaseModel):
    """What a person says of eyes, screen and room, and what their browser says of its window."""

    model_config = ConfigDict(extra="forbid", strict=True)

    consent: Literal[True]
    screen: Literal["phone", "tablet", "laptop", "monitor", "television"]
    diagonal_in: Annotated[float, Field(ge=3, le=150)]
    distance_cm: Annotated[float, Field(ge=10, le=1000)]
    sight: Literal["normal", "corrected", "not corrected", "unknown"]
    colours: Literal["normal", "impaired", "unknown"]
    light: Literal["dark", "dim", "bright"]
    window_px: Annotated[list[Annotated[int, Field(ge=1, le=20_000)]], Field(min_length=2, max_length=2)]
    pixel_ratio: Annotated[float, Field(gt=0, le=10)]


class Join(BaseModel):
    """A request to take part: the key of the address."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: Annotated[str, Field(max_length=100)]
    about: About


class Rating(BaseModel):
    """A vote for the trial that is shown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: Annotated[int, Field(ge=1, le=10_000)]
    score: Annotated[int, Field(ge=-3, le=3)]
    replays: Annotated[int, Field(ge=0, le=100)] = 0
    width_px: Annotated[int, Field(ge=0, le=20_000)] = 0


class Sessions:
    """What people may ask of a study; any thread may call any method.

    clock  monotonic seconds
    rng    plans the trials

    Raises RefusedError where a request cannot be answered.
    """

    def __init__(
        self,
        folder: Path,
        study: Study,
        clock: Callable[[], float] = time.monotonic,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.study = study
        self._media = folder / MEDIA
        self._store = Store(folder / RESULTS)
        self._clock = clock
        self._rng = rng or np.random.default_rng()
        self._joining = threading.Lock()  # so that those who join at once are not all asked the same
        self._handed: dict[str, tuple[int, float]] = {}  # by person: the trial that is shown, and since when

    def join(self, wish: Join) -> dict[str, object]:
        """A secret for a new person, which the browser keeps, and the first trial."""
        if not hmac.compare_digest(wish.key.encode(), self.study.key.encode()):
            raise RefusedError(403, "this address does not open the study; ask for a new one")
        id, secret = f"p{secrets.token_hex(5)}", secrets.token_urlsafe(24)
        with self._joining:
            trials = plan_trials(self.study, self._store.asked(), self._rng)
            self._store.join(id, secret, wish.about.model_dump(), trials)
        return {"secret": secret, **self._show(self._person(secret))}

    def trial(self, secret: str) -> dict[str, object]:
        """What to show now: the same again until it is rated."""
        return self._show(self._person(secret))

    def clip(self, secret: str, number: int, place: int) -> bytes:
        """A clip of the trial that is shown, or of the next one, in an envelope: see `envelope`.

        place  1 for the one that is shown first or on the left, 2 for the other
        """
        person = self._person(secret)
        now = person.next_trial
        if now is None or number not in (now.number, now.number + 1) or place not in (1, 2):
            raise RefusedError(404, "this clip is not shown now")
        trial = next((trial for trial in person.trials if trial.number == number), None)
        if trial is None:
            raise RefusedError(404, "there is no such clip")
        first, second = (self._media / name for name in self._files(trial))
        return envelope(first if place == 1 else second, second if place == 1 else first)

    def rate(self, secret: str, rating: Rating) -> dict[str, object]:
        """Keep a vote, and the next trial. A vote that is sent twice counts once."""
        person = self._person(secret)
        if rating.number in person.rated:
            return self._show(person)
        trial = person.next_trial
        if trial is None or trial.number != rating.number:
            raise RefusedError(409, "another pair is to be rated now; load the page again")
        seconds = self._seconds_on(person.id, trial)
        self._store.rate(
            Vote(
                person.id, trial.number, trial.kind, trial.pair, trial.shown, rating.score,
                min(seconds, LONGEST_VOTE_S), rating.replays, rating.width_px,
            )
        )  # fmt: skip
        return self._show(self._person(secret))

    def forget(self, secret: str) -> None:
        """Delete all that a person has said."""
        person = self._person(secret)
        self._handed.pop(person.id, None)
        self._store.forget(person.id)

    def _person(self, secret: str) -> Person:
        person = self._store.find(secret) if secret else None
        if person is None:
            raise RefusedError(401, "the study does not know this browser; begin from its address")
        return person

    def _show(self, person: Person) -> dict[str, object]:
        trial = person.next_trial
        if trial is None or person.seconds >= LONGEST_S - READING_S:
            return {"state": "done", "person": person.id, "rated": len(person.rated)}
        if self._handed.get(person.id, (0, 0.0))[0] != trial.number:
            self._handed[person.id] = trial.number, self._clock()
        return {
            "state": "training" if trial.kind == "training" else "test",
            "number": trial.number,
            "count": len(person.trials),
            "layout": self.study.layout,
        }

    def _seconds_on(self, person: str, trial: Trial) -> float:
        """Seconds since the trial was handed out; refused if that is less than its clips last."""
        number, since_s = self._handed.get(person, (0, 0.0))
        if number != trial.number:  # handed out before a restart
            return 0.0
        seconds = self._clock() - since_s
        lasts_s = self.study.seconds * (2 if self.study.layout == "sequential" else 1)
        if seconds < HURRY * lasts_s:
            raise RefusedError(409, "watch both clips to their end first")
        return seconds

    def _files(self, trial: Trial) -> tuple[str, str]:
        pair = self.study.pair(trial.pair)
        return (pair.a, pair.b) if trial.shown == "ab" else (pair.b, pair.a)


LENGTH_BYTES = 8
STEP = 65_536


def envelope(path: Path, other: Path) -> bytes:
    """A clip behind its length, filled up to one size for both of a pair, since sharper ones are larger.

    The length is a big-endian number of 8 bytes; behind the clip are zeros.
    """
    most = max(path.stat().st_size, other.stat().st_size)
    content = path.read_bytes()
    filled = -(-(most + LENGTH_BYTES) // STEP) * STEP
    return (len(content).to_bytes(LENGTH_BYTES) + content).ljust(filled, b"\0")


def describe(study: Study) -> Mapping[str, Any]:
    """What everybody may know of a study before they join."""
    id = hashlib.sha256(study.key.encode()).hexdigest()[:8]
    return {"id": id, "title": study.title, "minutes": int(LONGEST_S / 60), "layout": study.layout}
