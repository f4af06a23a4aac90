"""A real daemon below a supervisor that listens as systemd does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from program import PATIENCE_S, ROOT, Program

WATCHDOG_S = 0.5


@dataclass
class Listener:
    """The receiving end of a notify socket."""

    channel: socket.socket
    heard: list[str] = field(default_factory=list)

    def wait_for(self, message: str, count: int = 1) -> None:
        """Listen until a message has come so many times in all."""
        deadline = time.monotonic() + PATIENCE_S
        while self.heard.count(message) < count:
            assert time.monotonic() < deadline, f"no {message} among {self.heard}"
            self.heard += self.channel.recv(4096).decode().splitlines()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(PATIENCE_S)
        yield Listener(channel)


@pytest.mark.slow
def test_the_supervisor_hears_it_start_live_reload_and_stop(
    program: Program, listener: Listener, tmp_path: Path
) -> None:
    environ = {
        **os.environ,
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": f"{WATCHDOG_S * 1e6:.0f}",
    }
    command = [sys.executable, "-m", "vcam.cli", "start", "--foreground"]
    daemon = subprocess.Popen(
        command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    listener.wait_for("READY=1")
    assert program.run("status").returncode == 0  # the socket answers as soon as it is ready
    listener.wait_for("STATUS=running")
    listener.wait_for("WATCHDOG=1", count=3)

    daemon.send_signal(signal.SIGHUP)
    listener.wait_for("RELOADING=1")
    listener.wait_for("READY=1", count=2)
    listener.wait_for("WATCHDOG=1", count=5)

    assert program.run("stop").stdout == "stopped\n"
    listener.wait_for("STOPPING=1")
    _, log = daemon.communicate(timeout=PATIENCE_S)
    # 0, so that Restart=on-failure leaves it at that
    assert (daemon.returncode, log.splitlines()[-1]) == (0, "INFO stopped")
