"""A PipeWire of the test's own in a private folder: bus, daemon, session manager, a camera, readers."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from vcam.frame import Packed
from vcam.sinks.pipewire import NODE

PACKAGES = {
    "pipewire": "pipewire",
    "pw-cli": "pipewire-bin",
    "wireplumber": "wireplumber",
    "dbus-daemon": "dbus",
    "gst-launch-1.0": "gstreamer1.0-tools gstreamer1.0-pipewire gstreamer1.0-plugins-base",
}
ROOT = Path(__file__).resolve().parents[3]
PUBLISHER = Path(__file__).with_name("pipewire_publisher.py")
ANSWER_S = 8.0
QUIET_S = 1.0
FRAME_BYTES = 320 * 240 * 3 // 2
I420 = "video/x-raw,format=I420"


def missing() -> str:
    """Why these tests cannot run here; empty if they can."""
    if not sys.platform.startswith("linux"):
        return "PipeWire is for Linux"
    packages = [package for tool, package in PACKAGES.items() if shutil.which(tool) is None]
    return f"Run: sudo apt install {' '.join(packages)}" if packages else ""


class Session:
    """Holds every process it has started; `close` ends them all, also those that the tests left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o700)
        keep = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIPEWIRE_", "DBUS_"))
        }
        self._environment = {
            **keep,
            **{name: str(folder) for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")},
            "PYTHONPATH": str(ROOT),
        }
        self._started: list[subprocess.Popen[str]] = []
        self._pipewire: list[subprocess.Popen[str]] = []

    def open(self) -> "Session":
        bus = self.start("dbus-daemon", "--session", "--nofork", "--print-address")
        assert bus.stdout is not None
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        self.start_pipewire()
        return self

    def start_pipewire(self) -> None:
        self._pipewire = [self.start("pipewire")]
        until("PipeWire's socket", lambda: (self.folder / "pipewire-0").exists())
        self._pipewire.append(self.start("wireplumber"))
        until("the session manager", lambda: "WirePlumber" in self.run("pw-cli", "ls", "Client"))

    def kill_pipewire(self) -> None:
        for process in self._pipewire:
            process.kill()
            process.wait()

    def start(self, *command: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=ANSWER_S, check=False
        ).stdout

    def close(self) -> None:
        for process in reversed(self._started):
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


class Reader:
    """GStreamer, taking pictures from the camera into a file.

    count  of pictures to take; 0 for as many as come
    """

    def __init__(self, session: Session, name: str, count: int, caps: str = I420) -> None:
        self._path = session.folder / f"{name}.yuv"
        source = ("pipewiresrc", f"target-object={NODE}", f"num-buffers={count or -1}")
        self.process = session.start(
            "gst-launch-1.0",
            "-q",
            *source,
            "!",
            caps,
            "!",
            "filesink",
            "buffer-mode=2",
            f"location={self._path}",
        )

    def end(self) -> list[Packed]:
        """Wait for it to end by itself; the pictures."""
        assert self.process.wait(ANSWER_S) == 0, "the reader failed"
        return self.pictures()

    def pictures(self) -> list[Packed]:
        if not self._path.exists():
            return []
        data = np.fromfile(self._path, np.uint8)
        whole = len(data) // FRAME_BYTES
        return list(data[: whole * FRAME_BYTES].reshape(whole, FRAME_BYTES))


class Camera:
    """The publisher, in its process."""

    def __init__(self, session: Session) -> None:
        self.process = session.start(sys.executable, "-W", "error", str(PUBLISHER))
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def hear(self, expected: str) -> str:
        """The next line, which must begin so."""
        line = self._lines.get(timeout=ANSWER_S)
        assert line.startswith(expected), f"heard {line!r}, expected {expected!r}"
        return line

    def hear_all(self) -> list[str]:
        """What was said since the last time, to the end: until nothing more comes for a second."""
        lines = [self.hear("")]
        with suppress(queue.Empty):
            while True:
                lines.append(self._lines.get(timeout=QUIET_S))
        return lines

    @property
    def publisher_pid(self) -> int:
        """The process that has loaded PipeWire's library."""
        pid = self.process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(child)

    def memory_kb(self) -> int:
        pages = Path(f"/proc/{self.publisher_pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # closed at the end
            for line in self.process.stdout:
                self._lines.put(line.strip())


def until(what: str, is_so: Callable[[], bool]) -> None:
    """Ask again and again. Raises AssertionError after ANSWER_S."""
    deadline_s = time.monotonic() + ANSWER_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.02)
