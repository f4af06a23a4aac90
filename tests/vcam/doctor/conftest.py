from pathlib import Path

import pytest
from made_machine import MadeMachine


@pytest.fixture
def made(tmp_path: Path) -> MadeMachine:
    """A Debian without a module, a camera or a virtual camera."""
    return MadeMachine(tmp_path)
