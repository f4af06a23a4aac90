"""Loads the model again when its files have changed, or some time after it has failed."""

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

LOOK_S = 2.0  # between two checks of the files
DELAYS_S = (10.0, 60.0, 300.0)  # before the first, second and every later retry of a failed stage
CALM_S = 600.0  # after this time without a failure, the delays begin again with the first

Snapshot: TypeAlias = tuple[object, ...]


def snapshot_of(folder: Path) -> Snapshot:
    """Names, inodes, sizes and times of the manifest and the models; one system call per file."""
    try:
        with os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.name == FILE_NAME or entry.name.endswith(".onnx")]
            states = [(entry.name, entry.stat()) for entry in files]
    except OSError:  # not there, or being replaced at this moment
        return (folder,)
    return (folder, *sorted((name, s.st_ino, s.st_size, s.st_mtime_ns) for name, s in states))


class WeightsWatch:
    """Tells when the weights have changed and are complete: a copy in progress is waited for."""

    def __init__(self) -> None:
        self._tried: Snapshot = ()
        self._seen: Snapshot = ()

    def note_try(self, snapshot: Snapshot) -> None:
        """Note that this state is about to be loaded, whether or not that succeeds."""
        self._tried = snapshot

    def is_news(self, snapshot: Snapshot) -> bool:
        """Whether to load: the state differs from the last one tried, and equals the last one seen."""
        is_still, self._seen = snapshot == self._seen, snapshot
        return is_still and snapshot != self._tried


class Retry:
    """When a stage that failed is tried again: after 10 s, then 60 s, then every 5 minutes."""

    def __init__(self) -> None:
        self._tries = 0
        self._last_ns = 0
        self._due_ns: int | None = None

    def is_due(self, has_failed: bool, now_ns: int) -> bool:
        """Call this periodically; each True means one retry."""
        if not has_failed:
            self._due_ns = None
            return False
        if self._due_ns is None:
            self._tries = 0 if now_ns - self._last_ns > CALM_S * 1e9 else self._tries
            self._due_ns = now_ns + round(DELAYS_S[min(self._tries, len(DELAYS_S) - 1)] * 1e9)
        if now_ns < self._due_ns:
            return False
        self._tries, self._last_ns, self._due_ns = self._tries + 1, now_ns, None
        return True


class ModelWatch:
    """Loads the model again when its files have changed, or some time after a stage has failed.

    health  `stage_errors` names what failed. If loading fails, the reason is noted there for a link, and in
            `model_error` for a model
    reload  loads the model beside the old one, then replaces that; if it raises, nothing has changed
    look    takes the snapshot of a weights folder
    clock   monotonic nanoseconds

    To be used by one thread at a time.
    """

    def __init__(
        self,
        health: Health,
        reload: Callable[[], None],
        look: Callable[[Path], Snapshot] = snapshot_of,
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
        """The state of this folder. Ask before loading: files may change while a model is being loaded."""
        return self._look(folder)

    def note_load(self, snapshot: Snapshot) -> None:
        """Note that this state has been loaded, or is about to be."""
        self._weights.note_try(snapshot)

    def poll(self, folder: Path) -> None:
        """Check whether to load; called several times a second, with the folder in use."""
        now_ns = self._clock()
        if self._has_news(folder, now_ns):
            self._load("the weights have changed")
        elif self._retry.is_due(bool(self._health.stage_errors), now_ns):
            self._load(f"{', '.join(self._health.stage_errors)} is tried again")

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
        except Exception as error:  # a broken file may raise anything; the old model keeps running
            self._health.model_error = str(error)
            log.warning(
                "%s; kept the old model: %s", reason, error, exc_info=not isinstance(error, VcamError)
            )
        else:
            log.info("%s; loaded it again", reason)
