from pathlib import Path

import pytest
from fake_video import FakeCameras, FakeSystem


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    return FakeSystem(tmp_path)


@pytest.fixture
def cameras() -> FakeCameras:
    return FakeCameras()
