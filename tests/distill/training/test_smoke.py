import pytest

from distill.catalogue import build
from distill.networks.contract import frames_of, multiple_of
from distill.recipe import list_recipes, list_teachers, load_recipe
from distill.training.smoke import ITERATIONS, smoke

ALL = [*list_recipes(), *list_teachers()]


@pytest.mark.parametrize("name", ALL)
def test_a_recipe_cut_down_still_fits_its_network(name: str) -> None:
    cut = smoke(load_recipe(name))
    network = build(cut.network.name, cut.network.options)
    assert cut.data.frames >= frames_of(network)
    assert cut.data.kept <= cut.data.side
    assert cut.training.crop <= cut.data.kept
    assert cut.training.crop % multiple_of(network) == 0
    assert cut.training.iterations == ITERATIONS


@pytest.mark.parametrize("name", ALL)
def test_what_is_cut_down_never_becomes_the_cameras(name: str) -> None:
    assert smoke(load_recipe(name)).publish == "record"


def test_a_set_that_is_not_bundled_is_stood_in_for() -> None:
    assert smoke(load_recipe("cifar-tiny")).data.source == "stills"


@pytest.mark.parametrize("name", ["best-crisp", "fast-crisp"])
def test_a_recipe_that_starts_from_another_starts_afresh(name: str) -> None:
    assert load_recipe(name).training.start
    assert smoke(load_recipe(name)).training.start == ""
