import json
import shutil
from pathlib import Path

import pytest

from distill.__main__ import main
from distill.publish.restated import restate, restated
from vcam.errors import ModelError
from vcam.manifest import weights_folder

SHIPPED = sorted((weights_folder() / "recipes").glob("*.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `recipes` with one shipped record and its network."""
    copied = tmp_path / "recipes"
    copied.mkdir()
    for path in (weights_folder() / "recipes").glob("cifar-tiny.*"):
        shutil.copy(path, copied)
    return copied


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_record_says_what_its_network_and_its_recipe_say(path: Path) -> None:
    assert json.loads(path.read_text()) == restated(path)


def test_what_a_hand_has_changed_is_written_again_and_what_a_run_measured_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "cifar-tiny.json"
    before = path.read_text()
    changed = json.loads(before) | {"title": "mine", "claims": [], "planned": 1}
    path.write_text(json.dumps(changed))
    command = ["--threads", "1", "--weights", str(folder.parent), "restate"]
    assert main(command) == 0
    assert path.read_text() == before
    assert "cifar-tiny written again" in capsys.readouterr().out
    assert main(command) == 0
    assert "nothing written again" in capsys.readouterr().out


def test_a_record_of_a_recipe_that_is_not_ours_keeps_its_claims(folder: Path) -> None:
    record = json.loads((folder / "cifar-tiny.json").read_text()) | {"name": "mine", "onnx": None}
    (folder / "mine.json").write_text(json.dumps(record, indent=1) + "\n")
    assert restate(folder) == []


def test_another_networks_file_is_refused(folder: Path) -> None:
    (folder / "cifar-tiny.onnx").write_bytes(b"another")
    with pytest.raises(ModelError, match=r"its record expects .*; restore both from one publication"):
        restate(folder)


def test_a_file_that_is_no_record_is_named(folder: Path) -> None:
    (folder / "odd.json").write_text("[]")
    with pytest.raises(ModelError, match=r"odd\.json is not a valid record of a recipe"):
        restate(folder)
