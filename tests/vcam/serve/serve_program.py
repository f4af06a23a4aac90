"""The server as its user starts it: a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 50.0  # a busy machine loads models slowly
READY = re.compile(r"ready at (http://\S+)")


class Server:
    """Runs `sharpkd serve` with a folder of its own while it is entered.

    options  more words of its command line
    """

    def __init__(self, weights: Path, folder: Path, *options: str) -> None:
        self.folder = folder / "state"
        self.lines: list[str] = []
        self.address = ""
        self._options = ("--weights", str(weights), "--folder", str(self.folder), "--workers", "2", *options)
        self._is_ready = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its workers, too: they hold the pipe that is read
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.client.close()

    def start(self) -> None:
        command = [sys.executable, "-m", "vcam.cli", "serve", "--port", "0", "--provider", "cpu"]
        self.process = subprocess.Popen(
            [*command, *self._options], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self._is_ready.clear()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._is_ready.wait(PATIENCE_S) or self.process.poll() is not None:
            self.process.kill()
            raise AssertionError(f"the server did not start: {self.lines}")
        self.client = httpx.Client(base_url=self.address, timeout=PATIENCE_S)

    def post(self, content: bytes, path: str = "/v1/sharpen", **params: object) -> httpx.Response:
        headers = {"Content-Type": "application/octet-stream"}
        return self.client.post(path, content=content, params=params, headers=headers)

    def job(self, name: str) -> dict[str, Any]:
        return self.client.get(f"/v1/video/{name}").json()

    def wait_for_job(self, name: str) -> dict[str, Any]:
        """The job once it is over."""
        wait_for(lambda: self.job(name)["state"] in ("done", "failed"))
        return self.job(name)

    def workers(self) -> list[int]:
        """Its child processes."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        os.kill(self.process.pid, number)
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert not self._reader.is_alive(), f"a worker is left: {self.lines}"
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            for line in self.process.stderr:
                self.lines.append(line)
                if found := READY.search(line):
                    self.address = found[1]
                    self._is_ready.set()
        self._is_ready.set()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
