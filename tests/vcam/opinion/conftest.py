from pathlib import Path

import pytest
from small_study import write_small_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of two scenes whose clips are a few bytes that say what they are."""
    return write_small_study(tmp_path / "study")
