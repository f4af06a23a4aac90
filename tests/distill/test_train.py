import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import SupportsIndex

import numpy as np
import pytest
import torch

from distill.data import Pairs
from distill.losses.pixel import relative_mse
from distill.networks.cellnet import CellNet
from distill.recipe import Recipe, Training
from distill.train import Trainer, draw_batch, learning_rate, validate


class Killed(BaseException):
    """Not an Exception, as a signal is none."""


class Dying(list[Pairs]):
    """Shards that kill whoever takes one for the n-th time."""

    def __init__(self, shards: list[Pairs], after: int) -> None:
        super().__init__(shards)
        self._left = after

    def __getitem__(self, index: SupportsIndex | slice) -> Pairs:  # type: ignore[override]
        self._left -= 1
        if self._left < 0:
            raise Killed
        return super().__getitem__(index)  # type: ignore[return-value]


def quiet(line: str) -> None:
    pass


def short(recipe: Recipe, **changes: int) -> Recipe:
    return replace(
        recipe, training=replace(recipe.training, **({"iterations": 12, "check_every": 4} | changes))
    )


def weights_of(trainer: Trainer) -> dict[str, bytes]:
    networks = {"student": trainer.student, "averaged": trainer.averaged}
    return {
        f"{which}.{name}": value.numpy().tobytes()
        for which, network in networks.items()
        for name, value in network.state_dict().items()
    }


def loss_of(student: CellNet, pairs: Pairs) -> float:
    seen, truth = torch.from_numpy(pairs).float().div(255).split(1, dim=1)
    with torch.no_grad():
        return relative_mse(seen + student(seen), seen, truth).item()


def test_the_loss_falls_on_an_easy_toy(toy: Recipe, pairs: Pairs, student: CellNet, tmp_path: Path) -> None:
    untrained = Trainer(toy, tmp_path, quiet).student
    # seen: 0.45 of it; a step that went the wrong way would make it more than 1
    assert loss_of(student, pairs) < 0.7 * loss_of(untrained, pairs)


def test_the_student_gains_and_leaves_clean_pictures_alone(student: CellNet, pairs: Pairs) -> None:
    found = validate(student, pairs)
    # seen: 3.6 dB and 52 dB
    assert found.gain_db > 2
    assert found.clean_db > 45


@pytest.mark.parametrize("killed_after", [1, 6, 10])
def test_a_killed_run_goes_on_to_the_same_weights(
    toy: Recipe, pairs: Pairs, tmp_path: Path, killed_after: int
) -> None:
    recipe = short(toy)
    whole = Trainer(recipe, tmp_path / "whole", quiet)
    whole.fit([pairs], pairs)

    # 8 batches of whitening come before the first step
    draws = (8 + killed_after) * recipe.training.batch
    with pytest.raises(Killed):
        Trainer(recipe, tmp_path / "killed", quiet).fit(Dying([pairs], draws), pairs)
    resumed = Trainer(recipe, tmp_path / "killed", quiet)
    resumed.resume()
    assert resumed.iteration == killed_after // 4 * 4
    resumed.fit([pairs], pairs)
    assert weights_of(resumed) == weights_of(whole)


def test_another_seed_gives_other_weights(toy: Recipe, pairs: Pairs, tmp_path: Path) -> None:
    trainers = [Trainer(short(toy, seed=seed), tmp_path / str(seed), quiet) for seed in (0, 1)]
    for trainer in trainers:
        trainer.fit([pairs], pairs)
    assert weights_of(trainers[0]) != weights_of(trainers[1])


def test_a_checkpoint_of_another_recipe_is_not_taken_over(toy: Recipe, pairs: Pairs, tmp_path: Path) -> None:
    Trainer(short(toy), tmp_path, quiet).fit([pairs], pairs)
    lines: list[str] = []
    other = Trainer(short(toy, batch=3), tmp_path, lines.append)
    other.resume()
    assert other.iteration == 0
    assert "is of another recipe: starting afresh" in lines[0]


def test_without_a_checkpoint_it_starts_afresh(toy: Recipe, tmp_path: Path) -> None:
    trainer = Trainer(toy, tmp_path, quiet)
    trainer.resume()
    assert trainer.iteration == 0


def test_a_finished_run_has_nothing_left_to_do(toy: Recipe, pairs: Pairs, tmp_path: Path) -> None:
    recipe = short(toy)
    finished = Trainer(recipe, tmp_path, quiet)
    finished.fit([pairs], pairs)
    again = Trainer(recipe, tmp_path, quiet)
    again.resume()
    again.fit(Dying([], 0), pairs)
    assert weights_of(again) == weights_of(finished)


def test_a_checkpoint_is_never_half_written(
    toy: Recipe, pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = short(toy)
    trainer = Trainer(recipe, tmp_path, quiet)
    trainer.fit([pairs], pairs)
    before = trainer.checkpoint.read_bytes()

    def die(state: object, path: Path) -> None:
        path.write_bytes(b"half a check")
        raise Killed

    monkeypatch.setattr(torch, "save", die)
    with pytest.raises(Killed):
        trainer.save()
    assert trainer.checkpoint.read_bytes() == before


def test_each_check_is_a_line_in_db(toy: Recipe, pairs: Pairs, tmp_path: Path) -> None:
    lines: list[str] = []
    Trainer(short(toy), tmp_path, lines.append).fit([pairs], pairs)
    assert [line.split()[1] for line in lines] == ["4/12", "8/12", "12/12"]
    assert all("gain " in line and " dB, clean " in line for line in lines)


def test_batches_depend_on_seed_and_iteration_alone(pairs: Pairs) -> None:
    training = Training(batch=4, crop=32)
    draw: Callable[[int], bytes] = lambda number: draw_batch([pairs], training, number).numpy().tobytes()  # noqa: E731
    assert draw(3) == draw(3)
    assert len({draw(number) for number in range(-5, 6)}) == 11


def test_a_crop_is_of_the_same_place_on_both_sides(pairs: Pairs) -> None:
    same = np.repeat(pairs[:, 1:], 2, axis=1)
    batch = draw_batch([same], Training(batch=16, crop=32), 0)
    assert batch.shape == (16, 2, 32, 32)
    assert torch.equal(batch[:, 0], batch[:, 1])
    assert batch.min() >= 0
    assert batch.max() <= 1


def test_crops_are_turned_and_mirrored() -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8), (1, 2, 64, 64))
    batch = draw_batch([ramp], Training(batch=64, crop=64), 0)[:, 0]
    # brighter to the right, to the left, below or above
    corners = {(int(crop[0, -1] > crop[0, 0]), int(crop[-1, 0] > crop[0, 0])) for crop in batch}
    assert corners == {(0, 0), (1, 0), (0, 1)}


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    training = Training(iterations=1000, learning_rate=1e-3)
    rates = [learning_rate(training, iteration) for iteration in range(1000)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0.8e-3 < rates[peak] <= 1e-3
    assert rates[-1] < 1e-7


def test_the_recipe_is_in_the_checkpoint(toy: Recipe, pairs: Pairs, tmp_path: Path) -> None:
    trainer = Trainer(short(toy), tmp_path, quiet)
    trainer.fit([pairs], pairs)
    recipe = json.loads(torch.load(trainer.checkpoint, weights_only=True)["recipe"])
    assert recipe["network"] == {"cell": 4, "channels": 8, "depth": 1}
