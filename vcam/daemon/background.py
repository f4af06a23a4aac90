"""Slow work beside the main loop: reloads, and the camera's periodic work."""

import logging
import threading
from types import TracebackType
from typing import Protocol, Self

from vcam.control.status import Command
from vcam.daemon.signals import Flags
from vcam.daemon.systemd import WatchdogNotifier
from vcam.errors import VcamError

log = logging.getLogger(__name__)

REPAIR_S = 1.0  # after a failure of the periodic work
JOIN_S = 2.0  # a model that is still loading then is not waited for


class Polled(Protocol):
    """What is reloaded and polled."""

    def do(self, command: Command) -> None: ...

    def poll(self) -> float:
        """Do what is due; returns in how many seconds to ask again."""


class BackgroundWork:
    """Reloads a camera when a signal asks for it, and polls it, in a thread of its own while it is entered.

    A model may take minutes to load; the loop that waits for a signal to stop must not wait for that.
    """

    def __init__(self, camera: Polled, flags: Flags, notifier: WatchdogNotifier) -> None:
        self._camera = camera
        self._flags = flags
        self._notifier = notifier
        self._has_failed = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._flags.reload.set()  # which the thread waits for
        self._thread.join(JOIN_S)

    def turn(self) -> float:
        """Do once what is due; returns in how many seconds to do that again."""
        if self._flags.reload.is_set():
            self._flags.reload.clear()
            with self._notifier.reloading():
                self._reload()
        return self._camera.poll()

    def _reload(self) -> None:
        try:
            self._camera.do(Command(reload=True))
            log.info("reloaded")
        except VcamError as error:
            log.error("not reloaded: %s", error)

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                pause_s = self.turn()
            except Exception:  # the thread's boundary: a bug here must not end the camera, nor the reloads
                if not self._has_failed:
                    log.exception("the camera's periodic work failed")
                self._has_failed, pause_s = True, REPAIR_S
            self._flags.reload.wait(pause_s)
