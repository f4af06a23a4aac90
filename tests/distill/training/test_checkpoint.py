from pathlib import Path

import pytest
import torch
from full_disk import files_of_at_most

from distill.training.checkpoint import read_checkpoint, write_checkpoint
from vcam.errors import ModelError

STATE = {"weights": torch.arange(5000.0), "iteration": 7, "recipe": "{}"}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "checkpoint.pt", STATE)
    found = read_checkpoint(tmp_path / "checkpoint.pt")
    assert torch.equal(found["weights"], STATE["weights"])
    assert (found["iteration"], found["recipe"]) == (7, "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_no_checkpoint_is_an_empty_one(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "checkpoint.pt") == {}


def test_a_full_disk_leaves_the_checkpoint_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, STATE)
    with files_of_at_most(4096), pytest.raises((OSError, RuntimeError)):
        write_checkpoint(path, STATE | {"iteration": 8})
    assert read_checkpoint(path)["iteration"] == 7


@pytest.mark.parametrize("kept", [0, 100, 10_000])
def test_a_damaged_checkpoint_is_refused_with_the_remedy(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, STATE)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        ModelError, match=r"checkpoint.pt is damaged: .*Remove it to start from scratch"
    ) as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"weights": Path("somewhere")}, path)
    with pytest.raises(ModelError, match="is damaged"):
        read_checkpoint(path)
