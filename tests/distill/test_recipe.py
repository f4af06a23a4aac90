from pathlib import Path

import pytest

from distill.recipe import Data, Network, Training, list_recipes, load_recipe
from vcam.errors import ConfigError


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", list_recipes())
def test_each_published_recipe_can_be_read(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.title
    # the pictures are cut into whole cells
    assert recipe.training.crop % recipe.network.cell == 0
    assert recipe.data.side % recipe.network.cell == 0
    assert recipe.training.crop <= recipe.data.side


def test_the_recipes_of_the_documents_are_there() -> None:
    assert {"best", "fast", "smoke"} <= set(list_recipes())


def test_what_a_recipe_does_not_say_is_the_default(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, "[network]\nchannels = 24\n"))
    assert recipe.name == "mine"
    assert recipe.network == Network(channels=24)
    assert (recipe.data, recipe.training) == (Data(), Training())


def test_a_whole_number_may_stand_for_a_fraction(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, "[training]\nclip = 2\n")).training.clip == 2


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no recipe 'fastest'; choose one of: best, fast"):
        load_recipe("fastest")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = true", "has no key 'colour'; expected some of: name, title"),
        ("[network]\nwidth = 3", "[network] has no key 'width'; expected some of: cell, channels"),
        ("[training]\nbatch = 1.5", "[training] batch = 1.5 is no int"),
        ("[training]\nbatch = '8'", "[training] batch = '8' is no int"),
        ("[training]\nbatch = true", "[training] batch = True is no int"),
        ("title = 3", "title = 3 is no str"),
        ("network = 3", "[network] = 3 is no table"),
        ("[network", "mine.toml: "),
    ],
)
def test_a_mistyped_recipe_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(write(tmp_path, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
