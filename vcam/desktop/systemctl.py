"""The user's systemd, by its own command."""

import subprocess
from contextlib import suppress

from vcam.desktop.places import SERVICE
from vcam.errors import VcamError

PATIENCE_S = 150.0  # a start waits until the camera is ready


def is_reachable() -> bool:
    """Whether a user manager answers: not without systemd, nor in a shell that is no login of the user's."""
    try:
        systemctl("show", "--property=Version")
    except VcamError:
        return False
    return True


def main_pid() -> int | None:
    """The process of the running service; None if it does not run, or if no manager answers."""
    return _show("MainPID") or None


def exit_status() -> int:
    """What the service's last process ended with; 0 if none has ended, or if no manager answers."""
    return _show("ExecMainStatus")


def start_service() -> None:
    """Start the service and wait until it is ready. Raises VcamError if it ends before."""
    with suppress(VcamError):  # it may not be loaded
        systemctl("reset-failed", SERVICE)  # a person may try more often than a watchdog
    systemctl("start", SERVICE)


def _show(name: str) -> int:
    try:
        text = systemctl("show", f"--property={name}", "--value", SERVICE).strip()
    except VcamError:
        return 0
    return int(text) if text.isdigit() else 0


def systemctl(*words: str) -> str:
    """Run `systemctl --user`; returns what it prints. Raises VcamError with its own words if it fails."""
    command = ["systemctl", "--user", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VcamError(f"cannot run {' '.join(command)}: {error}") from None
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise VcamError(f"{' '.join(command)}: {reason}; see: systemctl --user status {SERVICE}")
    return done.stdout
