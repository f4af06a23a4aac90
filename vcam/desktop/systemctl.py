"""The user's systemd, by its own command."""

import subprocess

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
    try:
        pid = systemctl("show", "--property=MainPID", "--value", SERVICE).strip()
    except VcamError:
        return None
    return int(pid) if pid.isdigit() and pid != "0" else None


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
