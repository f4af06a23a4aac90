"""What the daemon does when a part fails: the output continues, and `status` says why."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from vcam.errors import SenderAwaitedError, VcamError
from vcam.pipeline import FailFast, Stages
from vcam.public import public_text

log = logging.getLogger(__name__)

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 10.0
AWAIT_S = 0.25  # asking whether somebody sends costs nothing, and who does is not to wait for us


@dataclass
class Health:
    """What is wrong at the moment; empty where nothing is."""

    camera_error: str = ""
    stage_errors: dict[str, str] = field(default_factory=dict)
    model_error: str = ""  # why the model that was to take over did not
    awaited: tuple[str, ...] = ()  # devices that a setting names, but that are not there yet


class KeepGoing:
    """A Policy that keeps the output running: it retries a failed source, and skips a failed stage.

    health      is kept up to date here
    show_cause  called with "" or with why there is no picture, once for each change
    leave_out   the stages to go on with, without the one of this name
    public      an error of the source as others may read it
    """

    def __init__(
        self,
        health: Health,
        show_cause: Callable[[str], None],
        leave_out: Callable[[str], Stages],
        public: Callable[[str], str] = public_text,
    ) -> None:
        self._health = health
        self._show_cause = show_cause
        self._leave_out = leave_out
        self._public = public

    def source_opened(self) -> None:
        if self._health.camera_error:
            log.info("the camera is back")
        self._health.awaited = ()
        self._set_cause("")

    def source_failed(self, error: VcamError, attempt: int) -> float:
        cause = self._public(str(error))
        if cause != self._health.camera_error:
            log.warning("waiting for camera: %s", cause, exc_info=error.__cause__)
        self._set_cause(cause)
        return AWAIT_S if isinstance(error, SenderAwaitedError) else back_off_s(attempt)

    def stage_failed(self, name: str, error: Exception) -> Stages:
        log.error("going on without %s: %s", name, error, exc_info=not isinstance(error, VcamError))
        stages = self._leave_out(name)
        self._health.stage_errors[name] = str(
            error
        )  # after: a replacement made in the meantime was left out, too
        return stages

    def _set_cause(self, cause: str) -> None:
        if cause != self._health.camera_error:
            self._health.camera_error = cause
            self._show_cause(cause)


class AwaitSender(FailFast):
    """The Policy of a foreground run: all failures end it, but for a sender who has not come or has left."""

    def source_failed(self, error: VcamError, attempt: int) -> float | None:
        return AWAIT_S if isinstance(error, SenderAwaitedError) else None


def back_off_s(attempt: int) -> float:
    """Seconds to wait after the n-th failure in a row, n from 1: 0.5, 1, 2, 4, 8, 10, 10, ..."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt - 1, 10))
