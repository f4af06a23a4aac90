import copy
import json
import math
import signal
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
import pytest
import torch
from torch import nn
from training_process import save_samples, start

from distill.batches import to_batch
from distill.checkpoint import read_checkpoint
from distill.data.pack import Samples
from distill.data.sources import Prepared
from distill.losses.pixel import relative_mse
from distill.networks.catalogue import NETWORKS
from distill.networks.cellnet import CellNet
from distill.objective import Teacher
from distill.recipe import Distillation, Network, Recipe, load_recipe
from distill.schedule import Progress
from distill.train import WHITENED_BATCHES, Trainer
from distill.validate import validate
from vcam.errors import ConfigError, ModelError

CPU = torch.device("cpu")
WINDOW = Network("nafnet", {"channels": 8, "blocks": 1, "frames": 3})
KILLED = """
title = "a run that is killed"
[network]
name = "cellnet"
channels = 8
depth = 1
[training]
iterations = 64
batch = 4
crop = 48
learning_rate = 2e-2
check_every = 8
"""


class Killed(BaseException):
    """Not an Exception, as a signal is none."""


class Dying(list[Samples]):
    """Shards that kill whoever takes one for the n-th time; the first look is that of a check."""

    def __init__(self, shards: list[Samples], after: int) -> None:
        super().__init__(shards)
        self._left = 1 + after

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return super().__getitem__(index)


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


def quiet(line: str) -> None:
    pass


def short(recipe: Recipe, **changes: Any) -> Recipe:
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


def kill_and_resume(
    recipe: Recipe, prepared: Prepared, folder: Path, after: int, teachers: list[Teacher] | None = None
) -> Trainer:
    """A trainer that has loaded the checkpoint of a run killed while it drew the batch after so many."""
    draws = (WHITENED_BATCHES + after) * recipe.training.batch
    dying = Prepared(Dying(prepared.train, draws), prepared.held)
    with pytest.raises(Killed):
        Trainer(recipe, folder, teachers, log=quiet).fit(dying)
    resumed = Trainer(recipe, folder, teachers, log=quiet)
    resumed.resume()
    return resumed


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


@pytest.mark.parametrize("killed_after", [1, 6, 10])
@pytest.mark.parametrize("network", [None, WINDOW], ids=["cellnet", "window"])
def test_a_killed_run_goes_on_to_the_same_weights(
    toy: Recipe, prepared: Prepared, tmp_path: Path, killed_after: int, network: Network | None
) -> None:
    recipe = short(replace(toy, network=network or toy.network))
    whole = Trainer(recipe, tmp_path / "whole", log=quiet)
    whole.fit(prepared)
    resumed = kill_and_resume(recipe, prepared, tmp_path / "killed", killed_after)
    assert resumed.iteration == killed_after // 4 * 4
    resumed.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_resumed_run_of_lower_precision_comes_to_the_same_weights(
    toy: Recipe, prepared: Prepared, tmp_path: Path, precision: str
) -> None:
    recipe = short(toy, precision=precision)
    whole = Trainer(recipe, tmp_path / "whole", log=quiet)
    whole.fit(prepared)
    resumed = kill_and_resume(recipe, prepared, tmp_path / "killed", 6)
    resumed.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)
    scalers = [read_checkpoint(trainer.checkpoint)["scaler"] for trainer in (resumed, whole)]
    assert scalers[0] == scalers[1]


def test_a_taught_run_goes_on_to_the_same_weights(
    toy: Recipe, prepared: Prepared, student: CellNet, tmp_path: Path
) -> None:
    teachers = [Teacher("trained", copy.deepcopy(student))]
    distillation = Distillation(("trained",), {"output_mse": 100.0, "feature": 0.1})
    recipe = short(replace(toy, distillation=distillation))
    whole = Trainer(recipe, tmp_path / "whole", teachers, log=quiet)
    whole.fit(prepared)
    resumed = kill_and_resume(recipe, prepared, tmp_path / "killed", 6, teachers)
    resumed.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)
    assert whole.objective.gates.shares(torch.arange(1, 6)).any()  # it was heard


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


def test_a_process_killed_by_sigkill_is_resumed_to_the_same_weights_bit_for_bit(
    prepared: Prepared, tmp_path: Path
) -> None:
    path = tmp_path / "toy.toml"
    path.write_text(KILLED)
    recipe = load_recipe(str(path))
    killed = start([], path, save_samples(prepared.held, tmp_path / "samples"), tmp_path / "killed")
    assert killed.stdout is not None
    line = killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert line.startswith("toy 8/64 ")

    resumed = Trainer(recipe, tmp_path / "killed", log=quiet)
    resumed.resume()
    # the line is written before the checkpoint
    assert 0 <= resumed.iteration < 64
    whole = Trainer(recipe, tmp_path / "whole", log=quiet)
    for trainer in (resumed, whole):
        trainer.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)
    assert resumed.curve() == whole.curve()


def test_another_seed_gives_other_weights(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    trainers = [Trainer(short(toy, seed=seed), tmp_path / str(seed), log=quiet) for seed in (0, 1)]
    for trainer in trainers:
        trainer.fit(prepared)
    assert weights_of(trainers[0]) != weights_of(trainers[1])


def test_a_checkpoint_of_another_recipe_is_not_taken_over(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    Trainer(short(toy), tmp_path, log=quiet).fit(prepared)
    lines: list[str] = []
    other = Trainer(short(toy, batch=3), tmp_path, log=lines.append)
    other.resume()
    assert other.iteration == 0
    assert "is of another recipe: starting afresh" in lines[0]


def test_another_recipes_checkpoint_is_kept(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    Trainer(short(toy), tmp_path, log=quiet).fit(prepared)
    hours_of_work = (tmp_path / "checkpoint.pt").read_bytes()
    for batch in (3, 2):
        other = Trainer(short(toy, batch=batch), tmp_path, log=quiet)
        other.resume()
        other.fit(prepared)
    assert (tmp_path / "checkpoint-1.pt").read_bytes() == hours_of_work
    assert (tmp_path / "checkpoint-2.pt").exists()


@pytest.mark.parametrize(
    "state", [{"recipe": '{"name": "toy", "colour": "blue"}'}, {"weights": torch.ones(3)}]
)
def test_what_another_program_has_written_is_not_taken_over(
    toy: Recipe, tmp_path: Path, state: dict[str, Any]
) -> None:
    torch.save(state, tmp_path / "checkpoint.pt")
    trainer = Trainer(toy, tmp_path, log=quiet)
    trainer.resume()
    assert trainer.iteration == 0


def test_a_recipe_with_another_title_goes_on(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    Trainer(short(toy), tmp_path, log=quiet).fit(prepared)
    renamed = Trainer(replace(short(toy), title="a better word"), tmp_path, log=quiet)
    renamed.resume()
    assert renamed.iteration == 12


def test_without_a_checkpoint_it_starts_afresh(toy: Recipe, tmp_path: Path) -> None:
    trainer = Trainer(toy, tmp_path, log=quiet)
    trainer.resume()
    assert trainer.iteration == 0


def test_a_finished_run_has_nothing_left_to_do(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    recipe = short(toy)
    finished = Trainer(recipe, tmp_path, log=quiet)
    finished.fit(prepared)
    again = Trainer(recipe, tmp_path, log=quiet)
    again.resume()
    again.fit(Prepared(Dying(prepared.train, 0), prepared.held))
    assert weights_of(again) == weights_of(finished)


def test_the_recipe_is_in_the_checkpoint(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    recipe = short(toy)
    trainer = Trainer(recipe, tmp_path, log=quiet)
    trainer.fit(prepared)
    found = torch.load(trainer.checkpoint, weights_only=True)["recipe"]
    assert json.loads(found) == json.loads(json.dumps(asdict(recipe)))


def test_a_checkpoint_is_never_ahead_of_its_curve(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.tmp").mkdir()  # so that no checkpoint can be written
    trainer = Trainer(short(toy), tmp_path, log=quiet)
    with pytest.raises((OSError, RuntimeError)):
        trainer.fit(prepared)
    assert [iteration for iteration, _ in trainer.curve()] == [4]


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


def test_a_run_that_stopped_early_stays_stopped_and_keeps_its_best(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    recipe = short(toy, iterations=400, patience=2, learning_rate=0.5)
    stopped = Trainer(recipe, tmp_path, log=quiet)
    best = stopped.fit(prepared).state_dict()
    again = Trainer(recipe, tmp_path, log=quiet)
    again.resume()
    found = again.fit(prepared).state_dict()
    assert again.iteration == stopped.iteration
    assert all(torch.equal(found[name], best[name]) for name in best)


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
    with pytest.raises(ConfigError, match="pictures have 64 pixels a side, a crop 96"):
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
