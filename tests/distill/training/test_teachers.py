from dataclasses import replace
from pathlib import Path

import pytest
import torch

from distill.recipe import Data, Network, Recipe, Training
from distill.training.parallel import ProcessGroup
from distill.training.teachers import load_pretrained, train_teacher
from vcam.errors import ConfigError, ModelError

TINY = Recipe(
    "tiny",
    network=Network("nafnet", {"channels": 4, "blocks": 1}),
    data=Data("stills", 1, 1, side=32, kept=32, frames=1, holdout=3, degradation="gaussian-blur", luma=True),
    training=Training(iterations=4, batch=2, crop=16, check_every=2),
)


def test_a_teacher_is_trained_once_and_then_found(media_folder: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = train_teacher(TINY, [media_folder], build, 1, ProcessGroup())
    written_ns = (build / "tiny" / "checkpoint.pt").stat().st_mtime_ns
    again = train_teacher(TINY, [media_folder], build, 1, ProcessGroup())
    assert (build / "tiny" / "checkpoint.pt").stat().st_mtime_ns == written_ns
    seen = torch.rand(1, 1, 16, 16)
    assert torch.equal(first(seen), again(seen))
    assert first.name == "tiny"


def test_a_teacher_whose_recipe_has_changed_is_trained_again(media_folder: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = train_teacher(TINY, [media_folder], build, 1, ProcessGroup())
    changed = replace(TINY, training=replace(TINY.training, seed=1))
    again = train_teacher(changed, [media_folder], build, 1, ProcessGroup())
    seen = torch.rand(1, 1, 16, 16)
    assert not torch.equal(first(seen), again(seen))


def test_weights_of_an_unknown_network_are_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="cannot read pretrained weights for network 'swinir'; choose one of: rrdbnet"
    ):
        load_pretrained("swinir", tmp_path / "weights.pth", 1)


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"BSRGAN\.pth"):
        load_pretrained("rrdbnet", tmp_path / "BSRGAN.pth", 1)
