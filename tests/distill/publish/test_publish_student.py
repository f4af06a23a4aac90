import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from talking_head import talking_head

from distill.catalogue import build
from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.networks.condnet import CondNet
from distill.publish.student import release, release_look, with_look
from distill.recipe import Network, Recipe
from distill.training.trainer import Trainer
from vcam.errors import ConfigError, ModelError, SourceError
from vcam.manifest import read_checked, read_manifest
from vcam.model_versions import versions_of
from vcam.restore import Engine, Model, Restorer, to_cells


@pytest.fixture
def fits_confidence() -> bool:
    """Whether publication fits a confidence, which makes any student harmless: most tests are about harm."""
    return False


@pytest.fixture(autouse=True)
def fitting(fits_confidence: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distill.publish.confidence.STEPS", 60)
    monkeypatch.setattr("distill.publish.confidence.BATCH", 64)
    monkeypatch.setattr("distill.publish.chroma.SCENES_A_FILE", 8)  # what it finds: test_chroma_strengths
    if not fits_confidence:
        monkeypatch.setattr("distill.publish.fits.fit_confidence", lambda *arguments, **named: None)


def harmful() -> CondNet:
    """A student that adds ten code values to every pixel."""
    torch.manual_seed(0)  # what is random beside that differs between the files by its own luck
    network = CondNet(4, 8, 1, experts=2)
    network.tail.weight.data.zero_()
    network.tail.bias.data.fill_(10 / 255 / 0.002)
    network.gauge.shares.bias.data[-1] = -20  # a share of doing nothing would leave a part of a code value
    return network


def test_a_network_that_is_no_student_of_the_cameras_is_refused(
    recipe: Recipe, samples: Samples, tmp_path: Path
) -> None:
    network = build("nafnet", {"channels": 8, "blocks": 1})
    with pytest.raises(ConfigError, match='recipe toy: publish = "camera" needs the network "condnet"'):
        release(recipe, network, samples, [], tmp_path / "build", tmp_path / "weights")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fits_confidence", [True])
def test_a_student_that_only_harms_gets_a_confidence_of_next_to_nothing(
    recipe: Recipe, samples: Samples, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="not published"):
        release(recipe, harmful(), samples, [folder], tmp_path / "build", tmp_path / "weights")
    staged = tmp_path / "build" / "toy" / "weights"
    (spec,) = read_manifest(staged).values()
    model = Model(spec, staged, Engine("cpu", threads=1))
    clean = talking_head(1, (96, 96))[0]
    change = Restorer(model, clean.size)(clean).y.astype(int) - clean.y
    assert abs(change).max() < 5


def test_a_worse_student_is_staged_and_judged_but_not_published(
    recipe: Recipe, samples: Samples, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"not published: the student gains -\d+\.\d+ dB"):
        release(recipe, harmful(), samples, [folder], tmp_path / "build", tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
    staged = tmp_path / "build" / "toy" / "weights"
    (spec,) = read_manifest(staged).values()
    assert (spec.name, spec.cell, spec.data) == ("toy", 4, "media")
    assert (spec.experts, spec.looks, spec.reach) == (2, 1, 3)
    assert json.loads(spec.recipe)["name"] == "toy"
    for name in ("int8", "fp32", "gauge"):
        assert read_checked(staged, spec.files[name])
    # what the camera would open; ten code values brighter: int8 rounds them to whole ones
    cells = to_cells(np.full((32, 48), 100, np.uint8), 4)
    residual = Model(spec, staged, Engine("cpu")).residual(cells)
    assert np.abs(residual.astype(int) - 138).max() <= 1


def test_without_a_readable_file_to_judge_by_nothing_is_published(
    recipe: Recipe, samples: Samples, folder: Path, tmp_path: Path
) -> None:
    (folder / "still1.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match="none of the held-out files is readable"):
        release(recipe, harmful(), samples, [folder], tmp_path / "build", tmp_path / "weights")


@pytest.fixture
def started(recipe: Recipe, samples: Samples, tmp_path: Path) -> tuple[CondNet, Recipe]:
    """A faithful network whose checkpoint lies in the build folder, and the recipe of its crisp look."""
    network = Network("condnet", {"channels": 8, "depth": 1, "experts": 2})
    start = replace(recipe, name="toy", network=network, training=replace(recipe.training, iterations=1))
    trainer = Trainer(start, tmp_path / "build" / "toy", log=lambda line: None)
    trainer.fit(Prepared([samples], samples))
    faithful = trainer.averaged
    assert isinstance(faithful, CondNet)
    look = replace(start, name="toy-crisp", publish="look", training=replace(start.training, start="toy"))
    return faithful, look


def nudged(faithful: CondNet, code_values: float) -> CondNet:
    """A look that is so much brighter."""
    crisp = copy.deepcopy(faithful)
    crisp.tail.bias.data += code_values / 255 / crisp.tail.unit
    return crisp


def publish_as_it_is(recipe: Recipe, network: CondNet, samples: Samples, folder: Path, weights: Path) -> None:
    """What `release` writes, whatever it is worth: a network of one iteration is worth nothing yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distill.publish.student.check_better", lambda *judgements: [])
        release(recipe, network, samples, [folder], weights.parent / "build", weights)


def test_both_looks_replace_a_model_which_is_kept_and_one_look_does_not(
    started: tuple[CondNet, Recipe], samples: Samples, folder: Path, tmp_path: Path
) -> None:
    (faithful, look), weights = started, tmp_path / "weights"
    recipe = replace(look, name="toy", publish="camera")
    gates = ("check_better", "check_crisp", "check_kept")
    with pytest.MonkeyPatch.context() as patch:
        for gate in gates:  # a network of one iteration is worth nothing yet
            patch.setattr(f"distill.publish.student.{gate}", lambda *judgements: [])
        for crisp in (0, 1):  # code values
            both = with_look(recipe, faithful, nudged(faithful, crisp))
            release(recipe, both, samples, [folder], tmp_path / "build", weights, is_tuned=True)
    new, old = versions_of(weights, "toy")
    assert (new.looks, old.looks, new.experts) == (2, 2, 2)
    assert new.measured["replaced_crisp_psnr_gain"] == old.measured["crisp_psnr_gain"]
    assert new.measured["crisp_psnr_gain"] < old.measured["crisp_psnr_gain"]
    for spec in (new, old):
        assert read_checked(weights, spec.files["int8"])
    with pytest.raises(ModelError, match="the student has no crisp look, the published toy has one"):
        release(recipe, faithful, samples, [folder], tmp_path / "build", weights)


def test_a_look_joins_the_model_it_was_started_from(
    started: tuple[CondNet, Recipe], samples: Samples, folder: Path, tmp_path: Path
) -> None:
    (faithful, look), weights = started, tmp_path / "weights"
    publish_as_it_is(replace(look, name="toy"), faithful, samples, folder, weights)
    crisp = nudged(faithful, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distill.publish.student.check_look", lambda *judgements: [])
        release_look(look, crisp, samples, [folder], tmp_path / "build", weights)
    (spec,) = read_manifest(weights).values()
    assert (spec.name, spec.experts, spec.looks) == ("toy", 2, 2)
    assert "psnr_gain" in spec.measured
    assert "crisp_psnr_gain" in spec.measured
    # ten code values brighter: 28 dB, and the manifest says where it was worst
    assert 27 < spec.measured["crisp_clean_psnr"] < 29
    assert any(name.startswith("crisp_clean_psnr: still1, frame ") for name in spec.measured)
    assert any(name.startswith("crisp_worst_psnr_gain: still1, ") for name in spec.measured)
    model = Model(spec, weights, Engine("cpu"))
    cells = to_cells(np.full((32, 48), 100, np.uint8), 4)
    looks = [model.network(model.measure(cells), crispness).residual(cells) for crispness in (0, 0.5, 1)]
    means = [float(each.astype(int).mean()) for each in looks]
    # 0.6: residuals are rounded to whole code values
    assert means[1] - means[0] == pytest.approx(5, abs=0.6)
    assert means[2] - means[0] == pytest.approx(10, abs=0.6)


def test_a_look_that_harms_is_not_published(
    started: tuple[CondNet, Recipe], samples: Samples, folder: Path, tmp_path: Path
) -> None:
    (faithful, look), weights = started, tmp_path / "weights"
    publish_as_it_is(replace(look, name="toy"), faithful, samples, folder, weights)
    before = (weights / "manifest.json").read_bytes()
    with pytest.raises(ModelError, match="not published: the crisp look gains -"):
        release_look(look, nudged(faithful, 10), samples, [folder], tmp_path / "build", weights)
    assert (weights / "manifest.json").read_bytes() == before


def test_a_look_of_a_model_that_is_not_published_is_refused(
    started: tuple[CondNet, Recipe], samples: Samples, folder: Path, tmp_path: Path
) -> None:
    faithful, look = started
    with pytest.raises(ModelError, match=r"no model 'toy' is published in .*; run: make distill RECIPE=toy"):
        release_look(look, faithful, samples, [folder], tmp_path / "build", tmp_path / "weights")
