"""A daemon in a home of its own, which `bench.attack` has for its faults."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.live import SHARPKD, folders_in, rss_mb
from vcam.control.client import ControlClient
from vcam.errors import VcamError

PATIENCE_S = 20.0  # for a camera that is well again
TELL_S = 1.0  # for an answer that may never come
WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
FIRST = {
    **{"source": "pattern", "strength": 1, "crispness": 0, "denoise": 1, "link": "off", "model": "auto"},
    **{"provider": "cpu", "threads": 1, "always_on": True},
}


@dataclass(frozen=True)
class Held:
    """What a process holds at a moment."""

    rss_mb: float
    threads: int
    fds: int


@dataclass(frozen=True)
class Victim:
    """The daemon below `home`, and the ways to it that a user, a program or a stranger has."""

    home: Path
    pid: int
    port: int
    token: str

    @property
    def runtime(self) -> Path:
        return self.home / "runtime_dir" / "sharpkd"

    @property
    def control(self) -> Path:
        return self.runtime / "control.sock"

    @property
    def config(self) -> Path:
        return self.home / "config_home" / "sharpkd" / "config.toml"

    @property
    def log(self) -> Path:
        return self.home / "state_home" / "sharpkd" / "daemon.log"

    @property
    def weights(self) -> Path:
        return self.home / "weights"

    @property
    def is_alive(self) -> bool:
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state not in "ZX"

    @property
    def held(self) -> Held:
        proc = Path(f"/proc/{self.pid}")
        return Held(round(rss_mb(self.pid), 1), len(os.listdir(proc / "task")), len(os.listdir(proc / "fd")))

    def run(self, *words: str) -> None:
        """A command of the program; its refusal is what a fault is about."""
        run_in(self.home, *words)

    def set(self, **settings: object) -> None:
        self.try_to(set=settings)

    def try_to(self, **command: object) -> bool:
        """Whether the daemon did what it was told."""
        return self.try_with(ControlClient(self.control), **command)

    @staticmethod
    def try_with(client: ControlClient, **command: object) -> bool:
        try:
            client.command(**command)
        except VcamError:
            return False
        return True

    def head(self, line: str, length: int = 0) -> bytes:
        """The head of a request that both sockets take."""
        return (
            f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def connect(self, is_page: bool) -> socket.socket:
        if is_page:
            return socket.create_connection(("127.0.0.1", self.port), TELL_S)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TELL_S)
        connection.connect(str(self.control))
        return connection

    def tell(self, is_page: bool, content: bytes) -> None:
        """Send bytes, and read what comes of an answer."""
        with suppress(OSError), self.connect(is_page) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65_536)

    def recover(self) -> bool:
        """Set good settings; whether new pictures come, and the status at once, before the patience ends."""
        deadline = time.monotonic() + PATIENCE_S
        while self.is_alive and time.monotonic() < deadline:
            with suppress(VcamError):
                client = ControlClient(self.control)
                before = client.command(set=FIRST)
                client.command(resume=True)
                time.sleep(0.2)
                after = client.status()
                if after["state"] == "running" and all(after[key] > before[key] for key in ("sent", "fresh")):
                    return True
            time.sleep(0.1)
        return False


def run_in(home: Path, *words: str) -> str:
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache_home")}
    done = subprocess.run(
        [*SHARPKD, *words],
        env=folders_in(home) | own,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout


@contextmanager
def running_victim(home: Path) -> Iterator[Victim]:
    shutil.copytree(WEIGHTS, home / "weights", ignore=shutil.ignore_patterns("recipes", "*.md"))
    config = home / "config_home" / "sharpkd" / "config.toml"
    config.parent.mkdir(parents=True)
    settings = {"sink": "null", "size": "320x180", "weights": str(home / "weights"), **FIRST}
    config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    print(run_in(home, "start"), end="")
    try:
        status = json.loads(run_in(home, "status", "--json"))
        page = urlsplit(status["preview_url"])
        port, token = int(page.port or 0), page.fragment.removeprefix("key=")
        yield Victim(home, status["pid"], port, token)
    finally:
        run_in(home, "stop")
