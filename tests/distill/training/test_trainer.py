import copy
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from short_runs import quiet, short, weights_of
from torch import nn

from distill.catalogue import NETWORKS
from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.losses.pixel import relative_mse
from distill.networks.cellnet import CellNet
from distill.recipe import Distillation, Network, Recipe
from distill.training.batches import to_batch
from distill.training.objective import Teacher
from distill.training.schedule import Progress
from distill.training.trainer import Trainer
from distill.training.validate import validate
from vcam.errors import ConfigError, ModelError

CPU = torch.device("cpu")


class Normed(nn.Module):
    """A network with a batch norm, whose statistics are measured and not trained."""

    colour, frames, multiple = "luma", 1, 1

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.tail = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return seen + self.tail(self.body(seen))


class Brittle(nn.Module):
    """A network whose one weight falls by each step, and has no logarithm below zero."""

    colour, frames, multiple = "luma", 1, 1

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Identity()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return self.body(seen) + 1 + 0.1 * self.weight.log()


def loss_of(network: nn.Module, samples: Samples) -> float:
    batch = to_batch(samples.clips[:, 1:2], samples.kinds)
    with torch.no_grad():
        return relative_mse(network(batch.seen), batch.seen, batch.truth).item()


def test_the_loss_falls_on_an_easy_toy(
    toy: Recipe, samples: Samples, student: CellNet, tmp_path: Path
) -> None:
    untrained = Trainer(toy, tmp_path, log=quiet).student
    # seen: 0.5 of it; a step that went the wrong way would make it more than 1
    assert loss_of(student, samples) < 0.7 * loss_of(untrained, samples)


def test_the_student_gains_and_leaves_clean_pictures_alone(student: CellNet, samples: Samples) -> None:
    found = validate(student, samples, CPU)
    # seen: 3.2 dB and 48 dB
    assert found.gain_db > 2
    assert found.clean_db > 45


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_run_of_lower_precision_learns_too(
    toy: Recipe, prepared: Prepared, tmp_path: Path, precision: str
) -> None:
    recipe = short(toy, iterations=80, check_every=80, precision=precision)
    network = Trainer(recipe, tmp_path, log=quiet).fit(prepared)
    # seen: 0.2 dB of both; weights that stood still would gain 0
    assert validate(network, prepared.held, CPU).gain_db > 0.1
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_a_student_follows_its_teacher(
    toy: Recipe, prepared: Prepared, student: CellNet, tmp_path: Path
) -> None:
    teachers = [Teacher("trained", copy.deepcopy(student))]
    # without a loss against the truth: by the teacher alone
    taught = replace(toy, losses={}, distillation=Distillation(("trained",), {"output_mse": 1000.0}))
    recipe = short(taught, iterations=80, check_every=80)
    network = Trainer(recipe, tmp_path, teachers, log=quiet).fit(prepared)
    # seen: 1.5 dB, of the teacher's 3.2
    assert validate(network, prepared.held, CPU).gain_db > 0.7


def test_another_seed_gives_other_weights(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    trainers = [Trainer(short(toy, seed=seed), tmp_path / str(seed), log=quiet) for seed in (0, 1)]
    for trainer in trainers:
        trainer.fit(prepared)
    assert weights_of(trainers[0]) != weights_of(trainers[1])


def test_each_check_is_a_line_in_db(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    lines: list[str] = []
    Trainer(short(toy), tmp_path, log=lines.append).fit(prepared)
    assert [line.split()[1] for line in lines] == ["4/12", "8/12", "12/12"]
    assert all("gain " in line and " dB, clean " in line for line in lines)


def test_patience_ends_a_run_early_with_its_best_weights(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    # a rate at which the gain rises, then falls: seen, best at iteration 16
    recipe = short(toy, iterations=400, patience=2, learning_rate=0.5)
    trainer = Trainer(recipe, tmp_path, log=quiet)
    network = trainer.fit(prepared)
    gains = [gain for _, gain in trainer.curve()]
    assert trainer.iteration == 4 * len(gains) < 400
    assert max(gains) == gains[-3]
    assert validate(network, prepared.held, CPU).gain_db == max(gains)


def test_a_plateau_halves_the_rate_of_the_run(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    # seen: at this rate nothing after iteration 8 is better
    recipe = short(toy, iterations=32, learning_rate=0.5, schedule="plateau")
    trainer = Trainer(recipe, tmp_path, log=quiet)
    trainer.fit(prepared)
    gains = [gain for _, gain in trainer.curve()]
    stalled = len(gains) - 1 - gains.index(max(gains))
    assert trainer.progress == Progress(max(gains), stalled, 0.5 ** (stalled // 3))
    assert stalled >= 6


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    toy: Recipe, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS, "brittle", Brittle)
    recipe = short(replace(toy, network=Network("brittle")), learning_rate=0.6)
    trainer = Trainer(recipe, tmp_path, log=quiet)
    words = r"toy: the loss became nan, .* at iteration (\d+); the last good .*checkpoint\.pt. Lower"
    with pytest.raises(ModelError, match=words) as caught:
        trainer.fit(prepared)
    assert f"at iteration {trainer.iteration};" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert 4 < trainer.iteration < 8

    kept = Trainer(recipe, tmp_path, log=quiet)
    kept.resume()
    assert kept.iteration == 4
    assert all(bool(value.isfinite().all()) for value in kept.student.state_dict().values())
    assert math.isfinite(loss_of(kept.student, prepared.held))


def test_weights_that_the_next_step_would_give_up_on_are_not_kept(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    trainer = Trainer(short(toy, check_every=1, learning_rate=1e9), tmp_path, log=quiet)
    with pytest.raises(ModelError, match="the loss became inf at iteration 1; there was no checkpoint yet"):
        trainer.fit(prepared)
    assert not trainer.checkpoint.exists()


def test_the_shipped_network_has_the_statistics_that_were_measured(
    toy: Recipe, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS, "normed", Normed)
    trainer = Trainer(short(replace(toy, network=Network("normed"))), tmp_path, log=quiet)
    shipped = trainer.fit(prepared).get_submodule("body.1")
    trained = trainer.student.get_submodule("body.1")
    assert isinstance(shipped, nn.BatchNorm2d)
    assert isinstance(trained, nn.BatchNorm2d)
    assert shipped.num_batches_tracked == 12
    assert shipped.running_mean is not None
    assert trained.running_mean is not None
    assert torch.equal(shipped.running_mean, trained.running_mean)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schedule": "linear"}, "no schedule 'linear'; choose one of: cosine, plateau"),
        ({"precision": "int8"}, "no precision 'int8'; choose one of: fp32, bf16, fp16"),
    ],
)
def test_what_a_trainer_does_not_know_is_refused_with_what_it_knows(
    toy: Recipe, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Trainer(short(toy, **changes), tmp_path, log=quiet)


def test_samples_that_do_not_fit_are_refused_before_the_first_step(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    trainer = Trainer(short(toy, crop=96), tmp_path, log=quiet)
    with pytest.raises(ConfigError, match="pictures are 64 pixels wide, crops 96"):
        trainer.fit(prepared)
    assert not list(tmp_path.iterdir())


def test_a_later_use_of_chance_changes_nothing(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    first = Trainer(short(toy), tmp_path / "first", log=quiet)
    second = Trainer(short(toy), tmp_path / "second", log=quiet)
    torch.rand(7)
    np.random.default_rng().random(7)
    for trainer in (first, second):
        trainer.fit(prepared)
    assert weights_of(first) == weights_of(second)
