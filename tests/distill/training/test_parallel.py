import subprocess
from pathlib import Path

import pytest
import torch
from torch import Tensor
from training_process import save_samples, start

from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.recipe import Recipe, load_recipe
from distill.training.batches import Rank
from distill.training.journal import read_curve
from distill.training.parallel import ProcessGroup, join_process_group
from distill.training.trainer import Trainer
from vcam.errors import ConfigError

pytestmark = pytest.mark.timeout(300)  # processes that wait for each other at each step, on busy cores

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
RECIPE = """
[network]
name = "cellnet"
channels = 8
depth = 1
[training]
iterations = 16
batch = 4
crop = 48
learning_rate = 2e-2
check_every = 8
"""


@pytest.fixture(scope="module")
def alone(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """The recipe's run in one process."""
    folder = tmp_path_factory.mktemp("alone")
    path = folder / "toy.toml"
    path.write_text(RECIPE)
    trainer = Trainer(load_recipe(str(path)), folder / "run", log=lambda line: None)
    trainer.fit(prepared)
    return trainer


@pytest.fixture(scope="module")
def together(
    samples: Samples, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of the same run in two processes, and how they ended."""
    folder = tmp_path_factory.mktemp("together")
    path = folder / "toy.toml"
    path.write_text(RECIPE)
    process = start(TWO, path, save_samples(samples, folder / "samples"), folder / "run")
    output, errors = process.communicate(timeout=280)
    return folder / "run", subprocess.CompletedProcess([], process.returncode, output, errors)


def weights_of(folder: Path, rank: int) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = torch.load(folder / f"weights-{rank}.pt", weights_only=True)
    return weights


def test_two_processes_train_to_the_weights_of_one(
    alone: Trainer, together: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    folder, _ = together
    found, expected = weights_of(folder, 0), alone.averaged.state_dict()
    assert found.keys() == expected.keys()
    for name in expected:
        # 2%: the same gradients are summed in another order, in float32, and Adam makes steps of 2e-2 of them
        # whatever their size: up to 0.5% from one processor's arithmetic to another's. A process that saw
        # only its own half of each batch would come to weights 5 to 28% away
        assert (found[name] - expected[name]).norm() <= 0.02 * expected[name].norm(), name


def test_all_processes_end_with_the_same_weights_bit_for_bit(
    together: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = together
    first, second = weights_of(folder, 0), weights_of(folder, 1)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_process_group_ends_cleanly_and_says_each_thing_once(
    alone: Trainer, together: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    folder, ended = together
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert [line.split()[1] for line in ended.stdout.splitlines()] == ["8/16", "16/16"]
    gains = [gain for _, gain in read_curve(folder)]
    # 1e-3 dB: weights that differ by rounding
    assert gains == pytest.approx([gain for _, gain in alone.curve()], abs=1e-3)


def test_one_process_goes_on_where_two_have_stopped(
    alone: Trainer, together: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    folder, _ = together
    resumed = Trainer(alone.recipe, folder, log=lambda line: None)
    resumed.resume()
    assert resumed.iteration == 16
    found, expected = resumed.averaged.state_dict(), weights_of(folder, 0)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_without_torchrun_a_process_is_alone() -> None:
    with join_process_group() as group:
        assert group.rank == Rank(0, 1)
        assert group.is_main
        assert group.is_local_main
        assert group.broadcast("as it is") == "as it is"
        with group.local_main_first():
            assert not torch.distributed.is_initialized()


def test_a_batch_that_cannot_be_shared_alike_is_refused(toy: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a batch of 4 .* evenly over 3 processes; .* to a multiple of 3"):
        Trainer(toy, tmp_path, group=ProcessGroup(Rank(0, 3)))
