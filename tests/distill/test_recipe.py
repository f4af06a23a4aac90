import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from distill.catalogue import build
from distill.networks.contract import frames_of, multiple_of
from distill.publish.confidence_net import ConfidenceNet, read_confidence
from distill.recipe import (
    Claim,
    Confidence,
    Data,
    Distillation,
    Network,
    Recipe,
    Training,
    list_recipes,
    list_teachers,
    load_recipe,
    recipe_from_json,
    training_identity,
)
from vcam.errors import ConfigError
from vcam.manifest import weights_folder

WHOLE = """
title = "everything"
publish = "camera"

[network]
name = "nafnet"
channels = 24
colour = "rgb"

[losses]
charbonnier = 30

[distillation]
teachers = ["nafnet"]
losses = { output_mse = 0.5 }

[[claims]]
what = "SSIM"
claimed = "0.91"
metric = "ssim_rgb"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", [*list_recipes(), *list_teachers()])
def test_each_published_recipe_can_be_read_and_fits_its_network(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.title
    network = build(recipe.network.name, recipe.network.options)
    assert recipe.training.crop % multiple_of(network) == 0
    assert recipe.data.kept % multiple_of(network) == 0
    assert recipe.training.crop <= recipe.data.kept
    assert recipe.data.frames >= frames_of(network)


def test_the_recipes_of_the_documents_are_there() -> None:
    assert {"best", "fast", "smoke"} <= set(list_recipes())
    assert {"nafnet", "nafnet-window"} <= set(list_teachers())


@pytest.mark.parametrize("name", list_recipes())
def test_the_teachers_of_a_recipe_are_recipes_themselves(name: str) -> None:
    assert set(load_recipe(name).distillation.teachers) <= set(list_teachers())


def test_everything_in_a_recipe_is_read(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, WHOLE)) == Recipe(
        "mine",
        "everything",
        Network("nafnet", {"channels": 24, "colour": "rgb"}),
        losses={"charbonnier": 30.0},
        distillation=Distillation(("nafnet",), {"output_mse": 0.5}),
        claims=(Claim("SSIM", "0.91", "ssim_rgb"),),
        publish="camera",
    )


def test_what_a_recipe_does_not_say_is_the_default(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, "[network]\nchannels = 24\n"))
    assert recipe.name == "mine"
    assert recipe.network == Network("cellnet", {"channels": 24})
    assert (recipe.data, recipe.training) == (Data(), Training())


def test_a_whole_number_may_stand_for_a_fraction(tmp_path: Path) -> None:
    clip = load_recipe(write(tmp_path, "[training]\nclip = 2\n")).training.clip
    assert (clip, type(clip)) == (2, float)


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no recipe 'fastest'; choose one of: best, .*nafnet-window"):
        load_recipe("fastest")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = true", "has no key 'colour'; expected some of: name, title"),
        ("[data]\nwidth = 3", "data has no key 'width'; expected some of: source, shards"),
        ("[[claims]]\nwhat = 'SSIM'", "claims 0 lacks claimed"),
        ("[[claims]]\nwho = 'me'", "claims 0 has no key 'who'; expected some of: what, claimed"),
        ("[training]\nbatch = 1.5", "training batch = 1.5; expected a valid integer"),
        ("[training]\nbatch = '8'", "training batch = '8'; expected a valid integer"),
        ("[training]\nbatch = true", "training batch = True; expected a valid integer"),
        ("[losses]\nl1 = 'much'", "losses l1 = 'much'; expected a valid number"),
        ("[distillation]\nteachers = 'nafnet'", "distillation teachers = 'nafnet'; expected a valid array"),
        ("[distillation]\nteachers = [1]", "distillation teachers 0 = 1; expected a valid string"),
        ("[network]\nchannels = [8]", "channels = [8]; expected a valid "),
        ("title = 2026-01-01\npublish = 3", "publish = 3; expected a valid string"),
        ("title = 3", "title = 3; expected a valid string"),
        ("network = 3", "network = 3; expected a table"),
        ("[network", "mine.toml: "),
        ("[training]\niterations = 0", "training iterations = 0; expected more than 0"),
        ("[training]\nlearning_rate = nan", "training learning_rate = nan; expected more than 0"),
        ("[training]\nema = 1", "training ema = 1.0; expected 0 or more, and less than 1"),
        ("[data]\nholdout = 0", "data holdout = 0; expected more than 0"),
        ("[data]\nside = 96\nkept = 128", "data kept = 128; expected at most its side, 96"),
        ("[training]\nfrozen = 'head'", "training frozen = 'head'; expected a valid array"),
        ("[confidence]\nlean = 1.5", "confidence lean = 1.5; expected 0 to 1"),
        ("publish = 'moon'", "publish = 'moon'; choose one of: record, camera"),
    ],
)
def test_a_mistyped_recipe_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(write(tmp_path, text))
    assert words in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [*list_recipes(), *list_teachers()])
def test_a_recipe_is_kept_by_a_checkpoint_as_it_was(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe_from_json(json.dumps(asdict(recipe))) == recipe


def test_what_does_not_change_the_weights_is_not_of_the_essence(toy: Recipe) -> None:
    renamed = replace(toy, title="other words", claims=(Claim("SSIM", "1"),), publish="camera")
    validated_more_often = replace(toy, training=replace(toy.training, check_every=3))
    assert training_identity(renamed) == training_identity(validated_more_often) == training_identity(toy)


def test_how_much_a_confidence_leans_is_not_of_the_essence_of_a_run(toy: Recipe) -> None:
    assert training_identity(replace(toy, confidence=Confidence(lean=0.2))) == training_identity(toy)


def test_a_checkpoint_from_before_a_recipe_said_how_a_confidence_leans_is_still_read(toy: Recipe) -> None:
    content = asdict(toy)
    del content["confidence"]
    assert recipe_from_json(json.dumps(content)) == toy


@pytest.mark.parametrize("name", ["best", "best-crisp"])
def test_the_confidence_of_best_leans_as_the_published_one_does(name: str) -> None:
    content = (weights_folder() / "best-confidence.onnx").read_bytes()
    net = read_confidence(content, 2)
    assert isinstance(net, ConfidenceNet)
    assert net.lean.tolist() == pytest.approx([load_recipe(name).confidence.lean, 0])


def test_a_checkpoint_from_before_recipes_could_start_from_others_is_still_read(toy: Recipe) -> None:
    content = asdict(toy)
    del content["training"]["start"], content["training"]["frozen"]
    assert recipe_from_json(json.dumps(content)) == toy


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"iterations": 500},
        {"batch": 3},
        {"learning_rate": 0.1},
        {"start": "fast"},
        {"frozen": ("head",)},
    ],
)
def test_what_changes_the_weights_is_of_the_essence(toy: Recipe, change: dict[str, Any]) -> None:
    assert training_identity(replace(toy, training=replace(toy.training, **change))) != training_identity(toy)


@pytest.mark.parametrize("steered_by", [{"patience": 3}, {"schedule": "plateau"}])
def test_how_often_it_validates_is_of_the_essence_where_that_steers_the_run(
    toy: Recipe, steered_by: dict[str, int | str]
) -> None:
    steered = replace(toy, training=replace(toy.training, **steered_by))
    other = replace(steered, training=replace(steered.training, check_every=3))
    assert training_identity(other) != training_identity(steered)
