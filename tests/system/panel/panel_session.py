"""A camera of the test's own on the bundled clip, and a real Chromium that shows its panel."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vcam.config import Config
from vcam.config_file import save_settings
from vcam.control.client import ControlClient
from vcam.errors import NotRunningError

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "build/panel"
PATIENCE_S = 60.0  # of a machine that has much else to do
# small and slow, so that the browser has a core of its own
CONFIG = Config(source="sample", sink="null", size=(640, 360), fps=12, threads=1, provider="cpu")


class PanelSession:
    """A home folder of its own with the camera in it; `close` ends what it has started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._environment = {**keep, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            self._environment[f"XDG_{name}_HOME"] = str(folder / name.lower())
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        self._environment["XDG_RUNTIME_DIR"] = str(runtime)
        settings = folder / "config/sharpkd/config.toml"
        settings.parent.mkdir(parents=True)
        save_settings(settings, CONFIG, ["source", "sink", "size", "fps", "threads", "provider"])
        self.client = ControlClient(runtime / "sharpkd/control.sock", PATIENCE_S)

    def sharpkd(self, *words: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "vcam.cli", *words],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return run.stdout + run.stderr

    def start(self) -> "PanelSession":
        said = self.sharpkd("start")
        self.until("the camera", self.is_running, said)
        return self

    def is_running(self) -> bool:
        try:
            return str(self.client.status()["state"]) == "running"
        except NotRunningError:
            return False

    def crash(self) -> None:
        """End the camera as a crash would."""
        pid = self.client.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        self.until("its end", lambda: not self._is_answering())

    def _is_answering(self) -> bool:
        try:
            self.client.status()
        except NotRunningError:
            return False
        return True

    def setting(self, name: str) -> Any:
        """The value of a setting, as the status tells it."""
        status = self.client.status()
        return status[name] if name in status else status["picture"][name]

    def until(self, what: str, is_so: Callable[[], bool], hint: str = "") -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline_s, f"waited in vain for {what}. {hint}".strip()
            time.sleep(0.05)

    def close(self) -> None:
        self.sharpkd("stop")
