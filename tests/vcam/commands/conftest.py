from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_systemd import SYSTEMCTL, Systemd
from program import Program

from vcam.config import Config
from vcam.paths import Paths


@pytest.fixture
def program(paths: Paths, weights: Path) -> Iterator[Program]:
    """Configured for the test pattern, no sink and the stand-in model; no daemon outlives the test."""
    program = Program(paths)
    program.configure(
        Config(
            source="pattern", sink="null", size=(320, 240), weights=str(weights), provider="cpu", threads=1
        )
    )
    yield program
    program.kill()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """On the PATH, and not running."""
    folder = tmp_path / "systemd"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_SYSTEMD", str(folder))
    return Systemd(folder)
