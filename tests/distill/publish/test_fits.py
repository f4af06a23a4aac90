"""What a recipe decides of the parts that are fitted to a student."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from stand_in import confidence_bytes, write_experts

from distill.commands.run import train
from distill.publish.confidence_net import CarefulNet, ConfidenceNet, export
from distill.publish.fits import fit_confidence_by_recipe
from distill.publish.weights_folder import Candidate, with_file, write_candidate
from distill.recipe import Confidence, Recipe, Training
from distill.training.parallel import ProcessGroup
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the fit of a confidence was asked for by name."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(
        "distill.publish.fits.fit_confidence", lambda *arguments, **named: found.update(named)
    )
    return found


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "weights"


@pytest.fixture
def grown(recipe: Recipe) -> Recipe:
    """A recipe that starts from the published `wide`."""
    return replace(recipe, training=Training(start="published:wide"))


def publish_wide(weights: Path, confidence: bytes, looks: int = 1) -> None:
    spec = write_experts(weights, "wide", [128, 128] * looks, looks=looks)
    kept = {kind: read_checked(weights, file) for kind, file in spec.files.items()}
    write_candidate(with_file(Candidate(spec, kept), "confidence", confidence), weights)


def student(folder: Path) -> ModelSpec:
    return write_experts(folder, "toy", [128, 128])


def test_of_a_start_with_two_confidences_the_one_fitted_to_it_goes_on(
    grown: Recipe, folder: Path, tmp_path: Path, weights: Path, asked: dict[str, Any]
) -> None:
    net = CarefulNet(ConfidenceNet(1), ConfidenceNet(1))
    publish_wide(weights, export(net, {}))
    fit_confidence_by_recipe(student(tmp_path), tmp_path, grown, [folder], weights)
    assert torch.equal(asked["start"].members[0][0].weight, net.other.members[0][0].weight)


def test_the_recipe_says_how_much_a_confidence_leans(
    recipe: Recipe, folder: Path, tmp_path: Path, weights: Path, asked: dict[str, Any]
) -> None:
    leaning = replace(recipe, confidence=Confidence(lean=0.2))
    fit_confidence_by_recipe(student(tmp_path), tmp_path, leaning, [folder], weights)
    assert asked == {"start": None, "lean": 0.2}


def test_from_a_start_of_other_looks_it_is_fitted_from_nothing(
    grown: Recipe,
    folder: Path,
    tmp_path: Path,
    weights: Path,
    asked: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish_wide(weights, export(ConfidenceNet(2), {}), looks=2)
    fit_confidence_by_recipe(student(tmp_path), tmp_path, grown, [folder], weights)
    assert asked["start"] is None
    assert "fitted from nothing: that of wide has 2 looks, toy has 1" in capsys.readouterr().out


def test_a_start_whose_confidence_is_none_of_ours_is_refused_before_anything_is_trained(
    grown: Recipe, folder: Path, tmp_path: Path, weights: Path
) -> None:
    publish_wide(weights, confidence_bytes([1.0]))
    args = Namespace(data=[folder], build=tmp_path / "build", weights=weights)
    with pytest.raises(ModelError, match="toy starts from wide, whose confidence cannot be used: the file"):
        train(grown, [], args, ProcessGroup())
    assert not args.build.exists()
