"""Xfce's panel on a screen of the test's own: X server, bus, a panel with a tray and nothing else."""

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

PACKAGES = {
    "Xvfb": "xvfb",
    "xfce4-panel": "xfce4-panel",
    "dbus-daemon": "dbus",
    "xdotool": "xdotool",
}
ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "build/system"
PATIENCE_S = 90.0  # of a machine that has much else to do
HEIGHT = 32  # of the panel, at the top of the screen
PANEL = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{is_dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{height}"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
"""


def missing() -> str:
    """Why these tests cannot run here; empty if they can."""
    packages = [package for tool, package in PACKAGES.items() if shutil.which(tool) is None]
    return f"Run: sudo apt install {' '.join(packages)}" if packages else ""


class XfceSession:
    """Holds every process that it has started; `close` ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._screen = folder / "screen"
        self._started: list[subprocess.Popen[str]] = []
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._environment = {**keep, "HOME": str(folder), "PYTHONPATH": str(ROOT), "NO_AT_BRIDGE": "1"}
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            self._environment[f"XDG_{name}_HOME"] = str(folder / name.lower())
        self._environment["XDG_RUNTIME_DIR"] = str(self.make("run"))
        (folder / "run").chmod(0o700)

    def open(self, *, is_dark: bool) -> "XfceSession":
        settings = self.make("config/xfce4/xfconf/xfce-perchannel-xml") / "xfce4-panel.xml"
        settings.write_text(PANEL.format(height=HEIGHT, is_dark=str(is_dark).lower()))
        self.make("screen")
        server = self.start(
            *("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-fbdir", str(self._screen)),
            *("-nolisten", "tcp"),
        )
        self._environment["DISPLAY"] = f":{_first_line(server)}"
        bus = self.start("dbus-daemon", "--session", "--nofork", "--print-address")
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = _first_line(bus)
        self._start_panel()
        return self

    def restart_panel(self) -> None:
        """End the panel as a crash would, and start it again."""
        self._panel.kill()
        self._panel.wait()
        self.until("its end", lambda: not self.has_watcher())
        self._start_panel()

    def _start_panel(self) -> None:
        self._panel = self.start("xfce4-panel", "--disable-wm-check")
        self.until("its tray", self.has_watcher)

    def make(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def has_watcher(self) -> bool:
        bus = "org.freedesktop.DBus"
        ask = ("dbus-send", "--session", "--print-reply", f"--dest={bus}", "/", f"{bus}.NameHasOwner")
        return "true" in self.run(*ask, "string:org.kde.StatusNotifierWatcher").stdout

    def start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def sharpkd(self, *words: str) -> str:
        return self.run(sys.executable, "-m", "vcam.cli", *words).stdout

    def screen(self) -> np.ndarray:
        """What is on the screen, (H, W, 3) BGR: the X server's memory, an XWD file."""
        data = (self._screen / "Xvfb_screen0").read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, line, colours = header[4], header[5], header[12], header[19]
        begin = header[0] + 12 * colours
        rows = np.frombuffer(data, np.uint8, line * height, begin).reshape(height, line)
        return rows[:, : 4 * width].reshape(height, width, 4)[..., :3].copy()

    def still_screen(self) -> np.ndarray:
        """The screen once it is the same for half a second."""
        seen, since_s = self.screen(), time.monotonic()
        while time.monotonic() < since_s + 0.5:
            time.sleep(0.05)
            now = self.screen()
            if not np.array_equal(now, seen):
                seen, since_s = now, time.monotonic()
        return seen

    def keep(self, name: str) -> Path:
        """Save the screen as a picture to look at."""
        OUT.mkdir(parents=True, exist_ok=True)
        path = OUT / f"{name}.png"
        cv2.imwrite(str(path), self.still_screen())
        return path

    def until(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > deadline_s:
                raise AssertionError(f"waited in vain for {what}; see {self.keep('in-vain')}")
            time.sleep(0.05)

    def close(self) -> None:
        for process in reversed(self._started):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
