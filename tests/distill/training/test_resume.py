import copy
import json
import signal
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, SupportsIndex

import pytest
import torch
from short_runs import quiet, short, weights_of
from training_process import save_samples, start

from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.networks.cellnet import CellNet
from distill.recipe import Distillation, Network, Recipe, load_recipe
from distill.training.checkpoint import read_checkpoint
from distill.training.initialise import WHITENED_BATCHES
from distill.training.objective import Teacher
from distill.training.stop import StoppedError
from distill.training.trainer import Trainer

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


class Asking(list[Samples]):
    """Shards that send this process a signal when one is taken for the n-th time."""

    def __init__(self, shards: list[Samples], after: int, number: signal.Signals) -> None:
        super().__init__(shards)
        self._left, self._number = after, number

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        self._left -= 1
        if self._left == 0:
            signal.raise_signal(self._number)
        return super().__getitem__(index)


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
    killed.communicate(timeout=60)
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


def test_a_checkpoint_of_another_recipe_is_not_taken_over(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    Trainer(short(toy), tmp_path, log=quiet).fit(prepared)
    lines: list[str] = []
    other = Trainer(short(toy, batch=3), tmp_path, log=lines.append)
    other.resume()
    assert other.iteration == 0
    assert "is of another recipe: starting from scratch" in lines[0]


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


def test_the_pace_of_a_resumed_run_is_its_own(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    kill_and_resume(short(toy), prepared, tmp_path, 6)
    lines: list[str] = []
    resumed = Trainer(short(toy), tmp_path, log=lines.append)
    resumed.resume()
    resumed.seconds = 3600.0  # the first four iterations took an hour, on another machine
    resumed.fit(prepared)
    pace_ms = (resumed.seconds - 3600) / 8 * 1e3
    assert lines[-1].startswith(f"toy 12/12 {pace_ms:.0f} ms an iteration ")


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_saves_at_once_and_says_how_to_go_on(
    toy: Recipe, prepared: Prepared, tmp_path: Path, number: signal.Signals, request: pytest.FixtureRequest
) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # a shell's background jobs ignore SIGINT
    request.addfinalizer(lambda: signal.signal(number, before))
    trainer = Trainer(short(toy, iterations=40, check_every=40), tmp_path, log=quiet)
    asking = Prepared(Asking(prepared.train, WHITENED_BATCHES * 4 + 7 * 4, number), prepared.held)
    with pytest.raises(StoppedError) as caught:
        trainer.fit(asking)
    assert caught.value.exit_code == 128 + number
    stopped = trainer.iteration
    assert str(caught.value) == (
        f"toy was stopped at iteration {stopped} of 40, and is saved in {tmp_path}/checkpoint.pt; "
        "to go on, run the same command again"
    )
    assert 0 < stopped < 40
    resumed = Trainer(short(toy, iterations=40, check_every=40), tmp_path, log=quiet)
    resumed.resume()
    assert resumed.iteration == stopped
    whole = Trainer(short(toy, iterations=40, check_every=40), tmp_path / "whole", log=quiet)
    for each in (resumed, whole):
        each.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)
