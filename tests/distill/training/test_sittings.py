import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from short_runs import quiet, short

from distill.catalogue import build
from distill.data.prepare import Prepared
from distill.export.picture import export_picture
from distill.publish.reproduction import write_record
from distill.recipe import Distillation, Network, Recipe
from distill.training.parallel import ProcessGroup
from distill.training.sittings import can_refill, last_sitting, refill
from distill.training.teachers import train_teacher
from distill.training.trainer import Trainer
from vcam.errors import ModelError

EXPORTED = [
    Network("cellnet", {"channels": 8, "depth": 1}),
    Network("nafnet", {"channels": 8, "blocks": 1}),
    Network("enhanced", {"channels": 12, "blocks": 1}),
    Network("plain", {"channels": 4, "depth": 2}),
    Network("residual", {"channels": 4, "blocks": 1}),
    Network("rrdbnet", {"channels": 4, "growth": 4, "blocks": 1, "scale": 1, "unshuffle": 4}),
    Network("sharpen", {"widths": "8-4"}),
]


def publish(recipe: Recipe, prepared: Prepared, folder: Path, longest_s: float = float("inf")) -> Trainer:
    """One sitting of a recipe, published to folder/records."""
    trainer = Trainer(recipe, folder / "run", log=quiet, longest_s=longest_s)
    trainer.resume(last_sitting(recipe, folder / "records", quiet))
    write_record(recipe, trainer.fit(prepared), prepared, trainer, [], folder / "records")
    return trainer


def forget_the_build(folder: Path) -> None:
    for name in ("checkpoint.pt", "curve.jsonl"):
        (folder / "run" / name).unlink()


@pytest.mark.parametrize("network", EXPORTED, ids=lambda network: network.name)
@torch.no_grad()
def test_what_was_exported_is_read_back_with_another_whitening(network: Network, tmp_path: Path) -> None:
    torch.manual_seed(0)
    first, second = (build(network.name, network.options).eval() for _ in range(2))
    for parameter in first.parameters():  # equal parameters, such as zeros, share a place in the file
        parameter.add_(0.01 * torch.randn_like(parameter))
    planes = 3 if first.colour == "rgb" else 1
    seen = torch.rand(2, planes, 16, 16)
    if hasattr(second, "whiten"):
        second.whiten(seen.repeat(8, 1, 1, 1))
    (tmp_path / "toy.onnx").write_bytes(
        export_picture(first, {"recipe": json.dumps({"name": "toy", "network": {"name": network.name}})})
    )
    record = {"onnx": "toy.onnx", "iterations": 1, "seconds": 1, "curve": []}
    (tmp_path / "toy.json").write_text(json.dumps(record))
    recipe = Recipe("toy", network=Network(network.name))
    last = last_sitting(recipe, tmp_path, quiet)
    assert last is not None
    assert can_refill(second, last.weights)
    refill(second, last.weights)
    # a whitening's inverse in float32 costs the last digits
    torch.testing.assert_close(second(seen), first(seen), atol=2e-4, rtol=0)


def test_a_run_without_a_checkpoint_goes_on_from_its_record(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    publish(short(toy, iterations=8), prepared, tmp_path)
    forget_the_build(tmp_path)
    trainer = publish(short(toy, iterations=16), prepared, tmp_path)
    record = json.loads((tmp_path / "records" / "toy.json").read_text())
    assert (trainer.iteration, record["iterations"], record["sittings"]) == (16, 16, 2)
    assert [iteration for iteration, _ in record["curve"]] == [4, 8, 12, 16]
    assert record["core_seconds"] >= 0


def test_the_weights_of_the_record_are_where_it_goes_on(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    trained = publish(toy, prepared, tmp_path)
    forget_the_build(tmp_path)
    longer = replace(toy, training=replace(toy.training, iterations=401, learning_rate=1e-9, check_every=1))
    again = publish(longer, prepared, tmp_path)
    assert again.curve()[-1][1] == pytest.approx(trained.curve()[-1][1], abs=0.01)  # folded and unfolded
    assert trained.curve()[-1][1] > 0.3


def test_a_record_whose_iterations_are_done_is_trained_from_nothing(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    recipe = short(toy, iterations=8)
    publish(recipe, prepared, tmp_path)
    forget_the_build(tmp_path)
    assert publish(recipe, prepared, tmp_path).sittings == 1


def test_a_sitting_ends_when_its_time_is_up_and_the_next_one_goes_on(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    recipe = short(toy)
    ended = publish(recipe, prepared, tmp_path, longest_s=0)
    assert (ended.iteration, ended.curve()[-1][0]) == (1, 1)
    assert publish(recipe, prepared, tmp_path).iteration == 12  # from the checkpoint


@pytest.mark.parametrize(
    "changed",
    [Network("cellnet", {"cell": 4, "channels": 8, "depth": 2}), None],
    ids=["another network", "other data"],
)
def test_a_record_of_another_network_or_data_is_left_alone(
    toy: Recipe, prepared: Prepared, tmp_path: Path, changed: Network | None
) -> None:
    publish(short(toy, iterations=8), prepared, tmp_path)
    other = replace(toy, network=changed) if changed else replace(toy, data=replace(toy.data, seed=5))
    lines: list[str] = []
    assert last_sitting(other, tmp_path / "records", lines.append) is None
    assert "has another network or other data: starting from nothing" in lines[0]


def test_a_damaged_record_is_named_with_a_remedy(toy: Recipe, tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text('{"onnx": "toy.onnx"}')
    with pytest.raises(ModelError, match=r"cannot go on from .*toy\.json.*--from-scratch"):
        last_sitting(toy, tmp_path, quiet)


def test_a_published_teacher_is_taken_as_it_is(toy: Recipe, prepared: Prepared, tmp_path: Path) -> None:
    publish(short(toy, iterations=8), prepared, tmp_path)
    recipe = replace(short(toy), distillation=Distillation())
    teacher = train_teacher(recipe, [], tmp_path / "build", 1, ProcessGroup(), records=tmp_path / "records")
    assert not (tmp_path / "build").exists()
    assert teacher.name == "toy"
