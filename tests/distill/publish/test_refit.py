"""Parts of a published model that are fitted again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stand_in import write_experts

from distill.publish.confidence_net import CarefulNet, ConfidenceNet, export, read_confidence
from distill.publish.refit import release_chroma, release_confidence
from distill.publish.weights_folder import Candidate, with_file, write_candidate
from distill.recipe import Recipe
from vcam.errors import ModelError
from vcam.manifest import read_checked, read_manifest


def published_with_chroma(recipe: Recipe, folder: Path, weights: Path, strengths: tuple[float, ...]) -> None:
    """A model that leaves luma as it is, and what a fit of its chroma would have found."""
    write_experts(weights, recipe.name, [128, 128])
    fit_chroma_as(strengths, recipe, folder, weights)


def fit_chroma_as(strengths: tuple[float, ...], recipe: Recipe, folder: Path, weights: Path) -> None:
    """Publish a model again with what a fit of its chroma would have found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distill.publish.fits.fit_chroma", lambda *arguments: strengths)
        release_chroma(recipe, [folder], weights)


def test_strengths_for_chroma_join_a_model_with_what_they_are_worth(
    recipe: Recipe, folder: Path, tmp_path: Path
) -> None:
    published_with_chroma(recipe, folder, tmp_path / "weights", (0.0, 0.0))
    (spec,) = read_manifest(tmp_path / "weights").values()
    assert spec.chroma == (0.0, 0.0)
    assert (spec.measured["chroma_gain"], spec.measured["clean_psnr"]) == (0.0, 60.0)


def test_strengths_that_harm_an_undamaged_picture_are_refused(
    recipe: Recipe, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"not published: .* undamaged frame \d+ .* PSNR of \d\d\.\d dB"):
        published_with_chroma(recipe, folder, tmp_path / "weights", (2.0, 2.0))
    (spec,) = read_manifest(tmp_path / "weights").values()
    assert spec.chroma == ()


def test_figures_of_colours_are_replaced_in_both_looks_and_no_old_place_stays(
    recipe: Recipe, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights"
    spec = write_experts(weights, recipe.name, [128] * 4, looks=2)
    stale = ("clean_psnr", "clean_psnr: gone, frame 3", "crisp_clean_psnr", "crisp_clean_psnr: gone, frame 3")
    kept = {"psnr_gain": 2.0, "worst_psnr_gain: clean room, dim": 3.0}
    write_candidate(Candidate(replace(spec, measured={**kept, **dict.fromkeys(stale, 1.0)}), {}), weights)
    fit_chroma_as((0.0, 0.0), recipe, folder, weights)
    (spec,) = read_manifest(weights).values()
    assert not [key for key in spec.measured if "gone" in key]
    assert {key: spec.measured[key] for key in kept} == kept
    for look in ("", "crisp_"):
        assert [each for key, each in spec.measured.items() if key.startswith(f"{look}clean_psnr")] == [
            60
        ] * 2
        assert spec.measured[f"{look}chroma_gain"] == 0.0
    assert "rollback" not in capsys.readouterr().out


def test_a_published_confidence_leans_without_being_fitted_again(
    recipe: Recipe, folder: Path, tmp_path: Path
) -> None:
    weights, build = tmp_path / "weights", tmp_path / "build"
    spec = write_experts(weights, recipe.name, [128, 128])
    with pytest.raises(ModelError, match="toy has no confidence; fit one: python -m distill confidence"):
        release_confidence(recipe, [folder], build, weights, lean=0.5)
    kept = {kind: read_checked(weights, file) for kind, file in spec.files.items()}
    net = ConfidenceNet(1).eval()
    for value in net.parameters():
        torch.nn.init.normal_(value)  # equal tensors become one in a file
    write_candidate(with_file(Candidate(spec, kept), "confidence", export(net, {})), weights)
    release_confidence(recipe, [folder], build, weights, lean=0.5)
    (spec,) = read_manifest(weights).values()
    found = read_confidence(read_checked(weights, spec.files["confidence"]), 1)
    assert isinstance(found, ConfidenceNet)
    assert found.lean.tolist() == [0.5]
    assert torch.equal(found.members[0][0].weight, net.members[0][0].weight)


def test_both_networks_of_a_careful_confidence_lean(recipe: Recipe, folder: Path, tmp_path: Path) -> None:
    weights, build = tmp_path / "weights", tmp_path / "build"
    spec = write_experts(weights, recipe.name, [128, 128])
    kept = {kind: read_checked(weights, file) for kind, file in spec.files.items()}
    content = export(CarefulNet(ConfidenceNet(1), ConfidenceNet(1)), {})
    write_candidate(with_file(Candidate(spec, kept), "confidence", content), weights)
    release_confidence(recipe, [folder], build, weights, lean=0.5)
    (spec,) = read_manifest(weights).values()
    found = read_confidence(read_checked(weights, spec.files["confidence"]), 1)
    assert isinstance(found, CarefulNet)
    assert found.one.lean.tolist() == found.other.lean.tolist() == [0.5]
