import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_head import talking_head

from distill.data.pack import Samples
from distill.networks.catalogue import build
from distill.networks.condnet import CondNet
from distill.recipe import Data, Recipe
from distill.release import release
from vcam.errors import ConfigError, ModelError, SourceError
from vcam.frame import to_bgr
from vcam.manifest import read_checked, read_manifest
from vcam.restore import Engine, Model, to_cells


@pytest.fixture
def recipe(toy: Recipe) -> Recipe:
    return replace(toy, publish="camera", data=Data(side=96, holdout=2, pattern="still*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stills: the first to train on, the second to judge by."""
    media = tmp_path / "media"
    media.mkdir()
    for number in range(2):
        cv2.imwrite(str(media / f"still{number}.png"), to_bgr(talking_head(8, (160, 96))[7 * number]))
    return media


def harmful() -> CondNet:
    """A student that adds ten code values to every pixel."""
    network = CondNet(4, 8, 1, experts=2)
    network.tail.weight.data.zero_()
    network.tail.bias.data.fill_(10 / 255 / 0.002)
    return network


def test_a_network_that_is_no_student_of_the_cameras_is_refused(
    recipe: Recipe, samples: Samples, tmp_path: Path
) -> None:
    network = build("nafnet", {"channels": 8, "blocks": 1})
    with pytest.raises(ConfigError, match='recipe toy: publish = "camera" needs the network "condnet"'):
        release(recipe, network, samples, [], tmp_path / "build", tmp_path / "weights")
    assert not list(tmp_path.iterdir())


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
    with pytest.raises(SourceError, match="none of the files held back to judge by can be read"):
        release(recipe, harmful(), samples, [folder], tmp_path / "build", tmp_path / "weights")
