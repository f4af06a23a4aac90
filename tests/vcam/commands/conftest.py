from collections.abc import Iterator
from pathlib import Path

import pytest
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
