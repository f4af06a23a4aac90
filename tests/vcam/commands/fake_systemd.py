"""A `systemctl` that notes what it is asked, and answers as the test says."""

from pathlib import Path

SYSTEMCTL = """#!/bin/sh
# a user manager that is there if $FAKE_SYSTEMD/running is, with the service's process in $FAKE_SYSTEMD/pid
[ -e "$FAKE_SYSTEMD/running" ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
case "$*" in
    *" start "*) [ ! -s "$FAKE_SYSTEMD/status" ] || { echo "Job failed." >&2; exit 1; } ;;
    *enable*) [ ! -e "$FAKE_SYSTEMD/masked" ] || { echo "Unit is masked." >&2; exit 1; } ;;
esac
case "$*" in
    *MainPID*) cat "$FAKE_SYSTEMD/pid" ;;
    *ExecMainStatus*) cat "$FAKE_SYSTEMD/status" ;;
    "--user show"*) ;;
    *) echo "$*" >> "$FAKE_SYSTEMD/called" ;;
esac
"""


class Systemd:
    """What a test sees and sets of the fake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pid").write_text("0\n")
        (folder / "status").touch()

    def start(self) -> None:
        (self.folder / "running").touch()

    def set_pid(self, pid: int) -> None:
        (self.folder / "pid").write_text(f"{pid}\n")

    def fail(self, status: int) -> None:
        """Let the service end with an exit code as often as it is started."""
        (self.folder / "status").write_text(f"{status}\n")

    def called(self) -> list[str]:
        """What it was asked to do since the last call of this."""
        path = self.folder / "called"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line.removeprefix("--user ") for line in lines]
