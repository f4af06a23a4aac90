"""What the daemon does by itself as time goes by: it loads a model that has changed, or that has failed."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from vcam.camera.policy import Health
from vcam.errors import LinkError, VcamError
from vcam.manifest import FILE_NAME
from vcam.pipeline import Clock

log = logging.getLogger(__name__)

LOOK_S = 2.0  # between two looks at the files
RESTS_S = (10.0, 60.0, 300.0)  # before a failed stage is tried again; the last one from then on
CALM_S = 600.0  # a stage that ran for so long is tried as if it had never failed

Snapshot: TypeAlias = tuple[object, ...]


def look_at(folder: Path) -> Snapshot:
    """What tells one state of a weights folder from another: the manifest's and the models' names and inodes,
    sizes and times. Costs a system call a file, and reads none."""
    try:
        with os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.name == FILE_NAME or entry.name.endswith(".onnx")]
            states = [(entry.name, entry.stat()) for entry in files]
    except OSError:  # not there, or being replaced at this moment
        return (folder,)
    return (folder, *sorted((name, s.st_ino, s.st_size, s.st_mtime_ns) for name, s in states))


class WeightsWatch:
    """Tells when the weights have changed and lie still again: a copy in progress is let end."""

    def __init__(self) -> None:
        self._tried: Snapshot = ()
        self._seen: Snapshot = ()

    def note_try(self, snapshot: Snapshot) -> None:
        """These are about to be loaded, whatever comes of it."""
        self._tried = snapshot

    def is_news(self, snapshot: Snapshot) -> bool:
        """Whether to load these: others than were tried last, and the same as at the last look."""
        is_still, self._seen = snapshot == self._seen, snapshot
        return is_still and snapshot != self._tried


class Retry:
    """When a stage that failed is tried again: after 10 s, then 60 s, then every 5 minutes."""

    def __init__(self) -> None:
        self._tries = 0
        self._last_ns = 0
        self._due_ns: int | None = None

    def is_due(self, has_failed: bool, now_ns: int) -> bool:
        """Asked again and again; a True is one try."""
        if not has_failed:
            self._due_ns = None
            return False
        if self._due_ns is None:
            self._tries = 0 if now_ns - self._last_ns > CALM_S * 1e9 else self._tries
            self._due_ns = now_ns + round(RESTS_S[min(self._tries, len(RESTS_S) - 1)] * 1e9)
        if now_ns < self._due_ns:
            return False
        self._tries, self._last_ns, self._due_ns = self._tries + 1, now_ns, None
        return True


class Upkeep:
    """Loads the model again when its files have changed, or when it failed and has rested.

    health  `stage_errors` are what failed; a load that fails is left there for a link, in `model_error` for a
            model, for `status`
    reload  loads it beside the old one and lets it take over; raises, and then changes nothing
    look    what a weights folder looks like
    clock   monotonic nanoseconds

    One thread at a time.
    """

    def __init__(
        self,
        health: Health,
        reload: Callable[[], None],
        look: Callable[[Path], Snapshot] = look_at,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self._health = health
        self._reload = reload
        self._look = look
        self._clock = clock
        self._weights = WeightsWatch()
        self._retry = Retry()
        self._due_ns = 0

    def look(self, folder: Path) -> Snapshot:
        """What is in this folder; to be asked before a load, as files may change while it lasts."""
        return self._look(folder)

    def note_load(self, snapshot: Snapshot) -> None:
        """What this was is loaded, or about to be."""
        self._weights.note_try(snapshot)

    def tend(self, folder: Path) -> None:
        """Look whether it is time; called some times a second, with the folder in use."""
        now_ns = self._clock()
        if self._has_news(folder, now_ns):
            self._load("the weights have changed")
        elif self._retry.is_due(bool(self._health.stage_errors), now_ns):
            self._load(f"{', '.join(self._health.stage_errors)} has rested")

    def _has_news(self, folder: Path, now_ns: int) -> bool:
        if now_ns < self._due_ns:
            return False
        self._due_ns = now_ns + round(LOOK_S * 1e9)
        return self._weights.is_news(self._look(folder))

    def _load(self, reason: str) -> None:
        try:
            self._reload()
        except LinkError as error:
            self._health.stage_errors["link"] = str(error)
            log.warning("%s; still without the link: %s", reason, error)
        except Exception as error:  # whatever a broken file makes of a session: the old model goes on
            self._health.model_error = str(error)
            log.warning(
                "%s; kept the old model: %s", reason, error, exc_info=not isinstance(error, VcamError)
            )
        else:
            log.info("%s; loaded it again", reason)
