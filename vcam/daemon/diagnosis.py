"""What `sharpkd doctor` finds, told to clients of the running camera."""

import json
import os
import threading
import time
from collections.abc import Callable
from functools import partial

from vcam.camera.parts import Chain
from vcam.config import Config
from vcam.control.status import Status
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.examine import examine, let_go_first, list_checks
from vcam.doctor.machine import Machine, this_machine
from vcam.doctor.model import Loaded, check_model, describe_model
from vcam.doctor.settings import read_settings
from vcam.paths import Paths
from vcam.public import without_folders

FRESH_S = 10.0  # for so long an answer is given again
LEVELS = {OK: "ok", WARNING: "warning", PROBLEM: "error"}
WHOLE = "sharpkd doctor"  # says in a terminal what others must not read


class Diagnosis:
    """The findings on the running camera; no webcam is opened for them, and no model loaded.

    status   of the camera
    config   with which it runs
    chain    its stages
    machine  what is looked at

    Any thread may ask; who asks while an examination goes on waits for its answer.
    """

    def __init__(
        self,
        paths: Paths,
        status: Callable[[], Status],
        config: Callable[[], Config],
        chain: Callable[[], Chain],
        machine: Callable[[], Machine] = this_machine,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = paths
        self._status = status
        self._config = config
        self._chain = chain
        self._machine = machine
        self._clock = clock
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._until_s = 0.0

    def as_json(self) -> dict[str, object]:
        """Findings with a command to copy each, or none; one with folders in it is replaced by the whole
        examination's, since others may read this."""
        with self._lock:
            if self._clock() >= self._until_s:
                self._found = self._examine()
                self._until_s = self._clock() + FRESH_S
            return {"findings": [_as_json(finding) for finding in self._found]}

    def _examine(self) -> list[Finding]:
        _, found = read_settings(self._paths.config)
        status = json.loads(json.dumps(self._status().as_json()))
        case = Case(self._machine(), self._config(), os.getpid(), status, is_quick=True)
        checks = list_checks(case)
        loaded = self._loaded()
        if loaded is None:
            del checks["model"]  # the state says why none runs
        else:
            checks["model"] = partial(check_model, case, loaded)
        return [*found, *let_go_first(examine(checks), case)]

    def _loaded(self) -> Callable[[Config], Loaded] | None:
        """The model that runs, as the check wants it."""
        restorer = self._chain().restorer
        if restorer is None:
            return None
        model = restorer.model
        return lambda config: describe_model(model, config)


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "level": LEVELS[finding.level],
        "title": finding.check.capitalize(),
        "detail": finding.message,
        "command": finding.fix if without_folders(finding.fix) == finding.fix else WHOLE,
    }
