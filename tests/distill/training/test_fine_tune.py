from pathlib import Path

import pytest

from distill.catalogue import build
from distill.data.media import Media
from distill.data.scenes import Scenes
from distill.data.splits import MIXED, SAMPLES, Split, mix, scenes
from distill.networks.condnet import CondNet
from distill.recipe import Data, load_recipe
from distill.training.fine_tune import fine_tune, folder_of
from distill.training.warm_start import load_published
from vcam.manifest import read_manifest, weights_folder

NAMES = ("fast", "best", "wide")


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_recipe_trains_both_looks_on_from_the_published_model(name: str) -> None:
    recipe = fine_tune(load_recipe(name))
    student = build(recipe.network.name, recipe.network.options)
    assert isinstance(student, CondNet)
    assert student.looks == 2
    load_published(student, name, lambda line: None)
    assert recipe.training.start == f"published:{name}"
    assert recipe.crisp_losses == load_recipe(f"{name}-crisp").losses
    assert recipe.distillation.teachers == ()


def test_a_run_on_other_files_or_from_another_model_starts_again(tmp_path: Path) -> None:
    recipe = fine_tune(load_recipe("fast"))
    specs = read_manifest(weights_folder())
    mine, more = (Split(Scenes(Media((), (Path(name),)), 96, 64), (), "") for name in ("a", "b"))  # type: ignore[arg-type]
    first = folder_of(recipe, mine, specs["fast"], tmp_path)
    assert folder_of(recipe, mine, specs["fast"], tmp_path) == first
    assert folder_of(recipe, more, specs["fast"], tmp_path) != first
    assert folder_of(recipe, mine, specs["best"], tmp_path) != first


def test_a_run_on_a_file_that_was_replaced_under_its_name_starts_again(tmp_path: Path) -> None:
    path, spec = tmp_path / "a.png", read_manifest(weights_folder())["fast"]
    split = Split(Scenes(Media((path,), ()), 96, 64), Scenes(Media((), ()), 96, 64), "")
    folders = set()
    for content in (b"one", b"another"):
        path.write_bytes(content)
        folders.add(folder_of(fine_tune(load_recipe("fast")), split, spec, tmp_path))
    assert len(folders) == 2


def test_the_bundled_clip_is_a_quarter_of_the_clips_it_is_mixed_with() -> None:
    own = Media((), tuple(Path(f"{number}.mp4") for number in range(9)))
    bundled = Media((), (Path("talk.mp4"),))
    mixed = mix(own, bundled).clips
    assert mixed.count(Path("talk.mp4")) == MIXED * len(mixed)
    assert mix(own, bundled) == mix(mix(own, bundled), bundled), "it is counted twice"


def test_what_is_held_out_of_the_bundled_clip_is_not_trained_on() -> None:
    split = scenes(Data(side=96, kept=64, bundled=True), [SAMPLES])
    assert isinstance(split.train, Scenes)
    assert isinstance(split.held, Scenes)
    assert not set(split.train.media.clips) & set(split.held.media.clips)
