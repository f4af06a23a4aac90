import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from distill.data.prepare import Prepared
from distill.networks.cellnet import CellNet
from distill.recipe import Recipe
from distill.training.ablation import VARIANTS, ablate, find_variants
from distill.training.objective import Teacher
from vcam.errors import ConfigError


@pytest.fixture
def short(toy: Recipe) -> Recipe:
    """Six iterations: what is tested is which runs are made, not what they learn."""
    return replace(toy, training=replace(toy.training, iterations=6, check_every=3))


@pytest.fixture
def teacher(student: CellNet) -> Teacher:
    return Teacher("toy", student)


def test_every_variant_is_run_with_every_seed_at_equal_iterations(
    short: Recipe, prepared: Prepared, teacher: Teacher, tmp_path: Path
) -> None:
    rows = list(ablate(short, prepared, [teacher], tmp_path, seeds=(0, 1)))
    assert Counter(row["variant"] for row in rows) == {variant.name: 2 for variant in VARIANTS}
    assert {row["iterations"] for row in rows} == {6}
    alone = [row["gain_db"] for row in rows if row["variant"] == VARIANTS[0].name]
    assert alone[0] != alone[1]  # another seed is another run


def test_variants_of_a_recipe_that_starts_from_another_start_afresh(
    short: Recipe, prepared: Prepared, teacher: Teacher, tmp_path: Path
) -> None:
    started = replace(short, training=replace(short.training, start="fast", frozen=("head",)))
    rows = [
        next(ablate(recipe, prepared, [teacher], tmp_path / recipe.training.start, (0,)))
        for recipe in (short, started)
    ]
    assert rows[0]["gain_db"] == rows[1]["gain_db"]


def test_finished_runs_are_not_run_again(
    short: Recipe, prepared: Prepared, teacher: Teacher, tmp_path: Path
) -> None:
    rows = list(ablate(short, prepared, [teacher], tmp_path, seeds=(0,)))
    result = next(tmp_path.glob("*/result.json"))
    marked = json.loads(result.read_text()) | {"gain_db": 99.0}
    result.write_text(json.dumps(marked))
    again = list(ablate(short, prepared, [teacher], tmp_path, seeds=(0,)))
    assert [row["gain_db"] for row in again].count(99.0) == 1
    assert len(again) == len(rows)


def test_variants_are_chosen_by_name_and_kept_in_order() -> None:
    chosen = find_variants(["+ output distillation", "relative MSE alone"])
    assert [variant.name for variant in chosen] == ["+ output distillation", "relative MSE alone"]
    assert list(find_variants(None)) == list(VARIANTS)


def test_an_unknown_variant_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no variant 'KL'; choose some of: relative MSE alone, "):
        find_variants(["KL"])
