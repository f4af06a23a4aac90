from argparse import Namespace
from pathlib import Path

import pytest

from distill.commands.run import saying_what_stays
from distill.recipe import load_recipe
from vcam.errors import ModelError


def refuse(weights: Path, build: Path) -> str:
    with (
        pytest.raises(ModelError) as caught,
        saying_what_stays(load_recipe("fast"), Namespace(weights=weights, build=build)),
    ):
        raise ModelError("not published: it loses on the bundled clip; train on more clips")
    return str(caught.value)


def test_a_refusal_says_what_became_of_the_model_and_of_the_training(tmp_path: Path) -> None:
    weights = Path(__file__).parents[3] / "weights"
    (tmp_path / "fast" / "weights").mkdir(parents=True)
    said = refuse(weights, tmp_path)
    assert said.startswith(
        "not published: it loses on the bundled clip; train on more clips. Nothing was lost: "
    )
    staged = tmp_path / "fast" / "weights"
    assert said.endswith(
        f"{weights} is as it was, cameras go on with its fast, and the trained student is in {staged}"
    )


def test_a_first_refusal_names_no_published_model(tmp_path: Path) -> None:
    assert refuse(tmp_path, tmp_path).endswith(f"Nothing was lost: {tmp_path} is as it was")
