from pathlib import Path

import pytest
from video_files import write_video

from vcam import cli
from vcam.camera.model_choice import Budget
from vcam.commands import enhance
from vcam.config import Config
from vcam.config_file import save_settings
from vcam.paths import Paths
from vcam.restore import Model


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Model]:
    """The models that are loaded, as they really are."""
    models: list[Model] = []
    load = enhance.load_model

    def note(config: Config, budget: Budget | None) -> Model:
        models.append(load(config, budget))
        return models[-1]

    monkeypatch.setattr(enhance, "load_model", note)
    return models


def test_several_files_have_one_model(
    paths: Paths, weights: Path, loads: list[Model], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(weights=str(weights), provider="cpu", threads=1)
    save_settings(paths.config, config, ("weights", "provider", "threads"))
    clips = [write_video(tmp_path / f"{k}.mp4", 3, size=(64, 48 + 16 * k)) for k in range(3)]
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    words = [str(clip) for clip in (*clips, tmp_path / "broken.mp4")]
    assert cli.main(["enhance", *words, str(tmp_path / "out")]) == 4
    assert len(loads) == 1
    assert len(list((tmp_path / "out").iterdir())) == 3
    # there is no bar where there is no terminal
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["sharpkd"]
