from pathlib import Path

import pytest
from fake_video import FakeCameras, FakeSystem
from stand_in import write_weights

from vcam.paths import Paths, user_paths


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A weights folder with one tiny model, `still`, that changes nothing."""
    folder = tmp_path / "weights"
    write_weights(folder, ["still"])
    return folder


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """This user's paths, all of them in a folder of the test's own."""
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return user_paths()


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    return FakeSystem(tmp_path)


@pytest.fixture
def cameras() -> FakeCameras:
    return FakeCameras()
