"""The program as a user has it: a process of its own for each command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from vcam import cli
from vcam.config import KEYS, Config
from vcam.config_file import save_settings
from vcam.instance import holder
from vcam.paths import Paths

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Program:
    """Runs commands in a home of the test's own."""

    paths: Paths

    def run(self, *words: str, limit_blocks: int | None = None) -> subprocess.CompletedProcess[str]:
        """One command; `limit_blocks` is the largest file it may write, as the shell's `ulimit -f` counts."""
        command = [sys.executable, "-m", "vcam.cli", *words]
        if limit_blocks is not None:
            command = ["bash", "-c", f'ulimit -f {limit_blocks}; exec "$@"', "bash", *command]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S * 2, check=False
        )

    def run_here(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same without a process, for a command that ends before it has done anything."""
        said, errors = StringIO(), StringIO()
        with redirect_stdout(said), redirect_stderr(errors):
            try:
                code: Any = cli.main(words)
            except SystemExit as error:  # of the parser
                code = error.code
        return subprocess.CompletedProcess(words, code, said.getvalue(), errors.getvalue())

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("status", "--json").stdout)

    def configure(self, config: Config) -> None:
        save_settings(self.paths.config, config, KEYS)

    @property
    def pid(self) -> int | None:
        return holder(*self.paths.locks)

    def kill(self) -> None:
        """End a daemon as a power cut would."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            wait_for(lambda: self.pid is None)


def wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
