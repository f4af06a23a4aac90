from pathlib import Path

import pytest
from studio import SIZE

from vcam.config import Config
from vcam.config_file import save_settings


@pytest.fixture
def path(tmp_path: Path, weights: Path) -> Path:
    """The configuration file of a camera that films the studio."""
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")
    config = Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)
    save_settings(path, config, ["source", "sink", "size", "weights", "provider", "threads"])
    return path
