import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from full_disk import files_of_at_most
from torch import nn

from distill.catalogue import build
from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.networks.cellnet import CellNet
from distill.publish.reproduction import LARGEST_FILE, restore, score, score_held_out, write_record
from distill.recipe import Claim, Recipe
from distill.training.objective import Teacher
from distill.training.trainer import Trainer
from vcam.manifest import sha256_of


@pytest.fixture
def trainer(toy: Recipe, tmp_path: Path) -> Trainer:
    """One that has trained for a while."""
    trainer = Trainer(toy, tmp_path / "run", log=lambda line: None)
    trainer.iteration, trainer.seconds = 400, 12.3
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "curve.jsonl").write_text('{"iteration": 200, "gain_db": 0.25, "seconds": 1}\n')
    return trainer


def write(network: nn.Module, prepared: Prepared, trainer: Trainer, folder: Path) -> dict[str, Any]:
    write_record(trainer.recipe, network, prepared, trainer, [], folder)
    record: dict[str, Any] = json.loads((folder / "toy.json").read_text())
    return record


def test_a_record_says_what_was_made_and_of_what(
    student: CellNet, prepared: Prepared, trainer: Trainer, tmp_path: Path
) -> None:
    trainer.recipe = replace(trainer.recipe, title="a toy", claims=(Claim("SSIM", "0.9", "ssim_y"),))
    record = write(student, replace(prepared, origin="cloth"), trainer, tmp_path / "weights")
    assert (record["name"], record["title"], record["kind"]) == ("toy", "a toy", "student")
    assert record["parameters"] == sum(parameter.numel() for parameter in student.parameters())
    assert (record["iterations"], record["seconds"], record["curve"]) == (400, 12, [[200, 0.25]])
    assert record["data"] == "cloth; 24 held-out samples"
    assert [claim["claimed"] for claim in record["claims"]] == ["0.9"]
    assert record["losses"] == {"relative_mse": 1.0}


def test_the_weights_lie_beside_the_record_and_have_its_sha256(
    student: CellNet, prepared: Prepared, trainer: Trainer, tmp_path: Path
) -> None:
    record = write(student, prepared, trainer, tmp_path / "weights")
    content = (tmp_path / "weights" / record["onnx"]).read_bytes()
    assert sha256_of(content) == record["sha256"]
    assert {path.name for path in (tmp_path / "weights").iterdir()} == {"toy.json", "toy.onnx"}


def test_the_weights_restore_as_the_scores_say(
    student: CellNet, prepared: Prepared, trainer: Trainer, tmp_path: Path
) -> None:
    record = write(student, prepared, trainer, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / record["onnx"], providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert (metadata["name"], json.loads(metadata["recipe"])["name"]) == ("toy", "toy")
    clips = prepared.held.clips
    restored = [
        session.run(None, {"seen": clip[1:2, 0].astype(np.float32) / 255})[0][0] for clip in clips
    ]  # 24 of (1, 64, 64)
    found = score((np.stack(restored).clip(0, 1) * 255).round().astype(np.uint8), clips[:, 1, 1])
    for name in ("psnr_y", "ssim_y", "mse"):
        # 1e-3: a code value in a thousand may be rounded the other way
        assert found[name] == pytest.approx(record["own"]["output"][name], rel=1e-3)


def test_weights_that_are_too_large_are_named_and_not_kept(
    prepared: Prepared, trainer: Trainer, tmp_path: Path
) -> None:
    (tmp_path / "toy.onnx").write_bytes(b"of an earlier, smaller network")
    large = CellNet(8, 400, 1)  # 1.9 M weights, of 2 bytes in half precision
    record = write(large, prepared, trainer, tmp_path)
    assert record["onnx"] is None
    assert len(record["sha256"]) == 64
    assert 2 * record["parameters"] > LARGEST_FILE
    assert {path.name for path in tmp_path.iterdir()} == {"run", "toy.json"}


def test_a_full_disk_leaves_the_record_and_the_weights_that_were_there(
    student: CellNet, prepared: Prepared, trainer: Trainer, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    write(student, prepared, trainer, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    trainer.iteration = 500
    room = len(before["toy.onnx"]) - 100  # enough for what the exporter writes, without metadata
    with files_of_at_most(room), pytest.raises(OSError, match="File too large"):
        write(student, prepared, trainer, folder)
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_student_is_scored_beside_its_input_and_its_teacher(student: CellNet, samples: Samples) -> None:
    untrained = CellNet(4, 8, 1)
    own = score_held_out(untrained, samples, [Teacher("taught", copy.deepcopy(student))])
    assert (own["pictures"], own["side"]) == (24, 64)
    assert own["output"]["psnr_y"] == pytest.approx(own["input"]["psnr_y"], abs=0.3)  # untrained
    assert own["teacher"]["psnr_y"] > own["output"]["psnr_y"] + 0.5  # clean ones pull it down
    assert own["against_teacher"] == score(restore(untrained, samples), restore(student, samples))
    assert "teacher" not in score_held_out(untrained, samples)


def test_scores_are_of_the_middle_frames(samples: Samples) -> None:
    others = samples.clips.copy()
    others[:, [0, 2]] = 0
    network = CellNet(4, 8, 1)
    assert score_held_out(network, Samples(others, samples.kinds)) == score_held_out(network, samples)


def test_a_window_is_restored_with_its_neighbours(samples: Samples) -> None:
    network = build("nafnet", {"channels": 8, "blocks": 1, "frames": 3})
    assert restore(network, samples).shape == (24, 1, 64, 64)


def test_equal_pictures_score_the_most_and_luma_has_no_figures_of_rgb() -> None:
    grey = np.full((2, 1, 16, 16), 90, np.uint8)
    assert score(grey, grey) == {"psnr_y": 60, "ssim_y": 1, "psnr_rgb": None, "ssim_rgb": None, "mse": 0}


def test_figures_of_rgb_are_over_all_planes() -> None:
    truth = np.full((1, 3, 16, 16), 100, np.uint8)
    redder = truth.copy()
    redder[:, 0] += 30
    found = score(redder, truth)
    assert found["mse"] == pytest.approx(300 / 255**2)  # 900 in one plane of three
    assert found["psnr_rgb"] == pytest.approx(10 * np.log10(255**2 / 300))
    assert found["psnr_y"] == pytest.approx(20 * np.log10(255 / 9), abs=0.5)  # 0.299 of red: 9 code values
