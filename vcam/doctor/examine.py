"""Runs the checks, one after the other, none for long; what goes wrong in one is a finding."""

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from vcam.doctor.boot import check_boot, check_secure_boot
from vcam.doctor.case import Case, Finding, find_output, uses_module, warning
from vcam.doctor.libraries import check_codecs, check_pipewire
from vcam.doctor.machine import Machine
from vcam.doctor.model import check_model
from vcam.doctor.module import check_module
from vcam.doctor.node import check_node, check_permission
from vcam.doctor.programs import check_apps, check_daemon, check_listing, check_obs
from vcam.doctor.screen import check_screen
from vcam.doctor.webcams import check_webcams
from vcam.sources.screen import is_screen
from vcam.v4l2loopback.cameras import name_loss, other_cameras
from vcam.v4l2loopback.module import UNLOAD

LONGEST_S = 60.0  # of one check: a slow machine warms a large model

Check: TypeAlias = Callable[[], list[Finding]]


def list_checks(case: Case) -> dict[str, Check]:
    """The checks of a case by their names, in order."""
    return {
        **_list_output_checks(case, case.machine),
        **({"screen": check_screen} if is_screen(case.config.source) else {}),
        "model": partial(check_model, case),
        "codecs": check_codecs,
        "daemon": partial(check_daemon, case),
    }


def _list_output_checks(case: Case, machine: Machine) -> dict[str, Check]:
    ends: dict[str, Check] = {
        "permission": partial(check_permission, case, machine),
        "camera": partial(check_webcams, case, machine),
    }
    if case.config.sink == "pipewire":
        return {"pipewire": check_pipewire, **ends}
    return _list_module_checks(case, machine, ends) if uses_module(case.config) else ends


def _list_module_checks(case: Case, machine: Machine, ends: dict[str, Check]) -> dict[str, Check]:
    return {
        "secure boot": partial(check_secure_boot, machine),  # without the key modprobe fails
        "module": partial(check_module, case, machine),
        "node": partial(check_node, case, machine),
        "boot": partial(check_boot, case, machine),
        "permission": ends["permission"],
        "listing": partial(check_listing, case, machine),
        "app": partial(check_apps, machine),
        "camera": ends["camera"],
        "obs": partial(check_obs, machine),
    }


def examine(checks: dict[str, Check], longest_s: float = LONGEST_S) -> list[Finding]:
    """All findings in the checks' order. A check that fails or hangs becomes one that says so."""
    return [finding for name, check in checks.items() for finding in _run(name, check, longest_s)]


def let_go_first(findings: list[Finding], case: Case) -> list[Finding]:
    """The findings; for a fix that unloads the module the running camera gives it back, and takes it after.

    Linux unloads no module that a program has open. The other cameras that it takes away are named.
    """
    return [_let_go(finding, case) if UNLOAD in finding.fix else finding for finding in findings]


def _let_go(finding: Finding, case: Case) -> Finding:
    loss = name_loss(_others(case, case.machine))
    fix = f"sharpkd pause --release && {finding.fix} && sharpkd resume" if case.is_publishing else finding.fix
    return replace(finding, message=f"{finding.message}.{loss}" if loss else finding.message, fix=fix)


def _others(case: Case, machine: Machine) -> dict[Path, str]:
    ours = find_output(case, machine)
    return {node: name for node, name in other_cameras(machine.video).items() if node != ours}


def _run(name: str, check: Check, longest_s: float) -> list[Finding]:
    """Run a check on a thread of its own, since a driver may hang; such a thread is left behind."""
    answers: queue.SimpleQueue[list[Finding]] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_try(name, check)), name=name, daemon=True).start()
    try:
        return answers.get(timeout=longest_s)
    except queue.Empty:
        return [warning(name, f"could not be checked: no answer within {longest_s:g} s")]


def _try(name: str, check: Check) -> list[Finding]:
    try:
        return check()
    except Exception as error:  # a check may raise anything; the other checks still run
        return [warning(name, f"could not be checked: {type(error).__name__}: {error}")]
