import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import cv2
import pytest
import torch
from short_runs import quiet, short, weights_of
from talking_head import talking_head
from torch import nn

from distill.catalogue import NETWORKS, build
from distill.data.prepare import Prepared
from distill.export.reader import read_student
from distill.networks.cells import to_cells
from distill.networks.condnet import CondNet
from distill.recipe import Network, Recipe, list_recipes, load_recipe
from distill.training.checkpoint import State, read_checkpoint, write_checkpoint
from distill.training.parallel import ProcessGroup, T
from distill.training.trainer import Trainer
from distill.training.warm_start import freeze, load_published, starts_from_published
from vcam.errors import ConfigError, ModelError
from vcam.manifest import read_manifest, weights_folder

MIXED = Network("condnet", {"channels": 8, "depth": 1, "experts": 2})
STARTED = {name: load_recipe(name).training.start for name in list_recipes()}
CRISP = [name for name, start in STARTED.items() if start and not starts_from_published(start)]


class Normed(nn.Module):
    """A network whose body has statistics that are measured, and no whitening."""

    colour, frames, multiple = "luma", 1, 1

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.tail = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return seen + self.tail(self.body(seen))


@dataclass(frozen=True)
class Second(ProcessGroup):
    """The second process of a group: what is agreed on is what the first one has read."""

    agreed: State = field(default_factory=dict)

    @property
    def is_main(self) -> bool:
        return False

    def broadcast(self, value: T) -> T:
        assert value == {}  # it has read nothing itself
        return self.agreed  # type: ignore[return-value]


@dataclass(frozen=True)
class Noting(ProcessGroup):
    """Notes which parameters are trained when the objective is handed to the group."""

    noted: list[str] = field(default_factory=list)

    def wrap(self, objective: nn.Module, has_unused_parameters: bool) -> nn.Module:
        self.noted.extend(name for name, value in objective.named_parameters() if value.requires_grad)
        return objective


@pytest.fixture(scope="module")
def built(toy: Recipe, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs' folder with a trained `toy`, not to be changed."""
    folder = tmp_path_factory.mktemp("build")
    Trainer(short(toy), folder / "toy", log=quiet).fit(prepared)
    return folder


def started(toy: Recipe, **changes: object) -> Recipe:
    """A recipe that starts from `toy`; of another seed, so that its own weights would be other ones."""
    return replace(short(toy, start="toy", seed=7, **changes), name="crisp")


def begun(recipe: Recipe, build: Path, data: Prepared, group: ProcessGroup | None = None) -> Trainer:
    """A trainer that has started, and not made a step."""
    still = replace(recipe, training=replace(recipe.training, iterations=0))
    trainer = Trainer(still, build / recipe.name, group=group, log=quiet)
    trainer.fit(data)
    return trainer


def link(built: Path, build: Path) -> Path:
    """A runs' folder of one's own, with the checkpoint of `toy`."""
    (build / "toy").mkdir(parents=True)
    (build / "toy" / "checkpoint.pt").symlink_to(built / "toy" / "checkpoint.pt")
    return build


def rewrite(built: Path, build: Path, **changes: object) -> Path:
    """The same with parts of the checkpoint changed."""
    (build / "toy").mkdir(parents=True)
    state = read_checkpoint(built / "toy" / "checkpoint.pt") | changes
    write_checkpoint(build / "toy" / "checkpoint.pt", state)
    return build


def parts(trainer: Trainer, *names: str) -> dict[str, bytes]:
    """The weights of some submodules, in both copies."""
    return {name: value for name, value in weights_of(trainer).items() if name.split(".")[1] in names}


def die_at_the_second_check(line: str) -> None:
    """A log: what it is told of is not in a checkpoint yet."""
    if " 8/12 " in line:
        raise KeyboardInterrupt


def assert_same(found: State, expected: State) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_both_copies_start_from_the_averaged_weights(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    trainer = begun(started(toy), link(built, tmp_path), prepared)
    expected = read_checkpoint(built / "toy" / "checkpoint.pt")["averaged"]
    assert not torch.equal(expected["head.whitening"], torch.eye(144))  # it comes with the weights
    assert_same(dict(trainer.student.state_dict()), expected)
    assert_same(dict(trainer.averaged.state_dict()), expected)


def test_a_start_that_was_trained_with_patience_gives_its_best_weights(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    best = {name: value + 1 for name, value in read_checkpoint(built / "toy/checkpoint.pt")["best"].items()}
    patient = json.dumps(asdict(short(toy, patience=3)))
    trainer = begun(started(toy), rewrite(built, tmp_path, recipe=patient, best=best), prepared)
    assert_same(dict(trainer.student.state_dict()), best)


def test_the_log_says_how_far_the_start_was_trained(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    recipe = started(toy)
    Trainer(recipe, link(built, tmp_path) / "crisp", log=lines.append).fit(prepared)
    assert lines[0] == "starts from toy at iteration 12 of 12"


@pytest.mark.parametrize("frozen", [("head",), ("gauge", "head"), ("body.0", "tail")])
def test_what_is_frozen_stays_bit_for_bit_and_the_rest_moves(
    toy: Recipe, prepared: Prepared, tmp_path: Path, frozen: tuple[str, ...]
) -> None:
    mixed = replace(toy, network=MIXED)
    Trainer(short(mixed, iterations=4), tmp_path / "toy", log=quiet).fit(prepared)
    before = read_checkpoint(tmp_path / "toy" / "checkpoint.pt")["averaged"]
    trainer = Trainer(started(mixed, frozen=frozen), tmp_path / "crisp", log=quiet)
    trainer.fit(prepared)
    trained = dict(trainer.student.named_parameters())
    for network in (trainer.student, trainer.averaged):
        for name, value in network.state_dict().items():
            is_still = name.startswith(frozen) or name not in trained
            assert torch.equal(value, before[name]) == is_still, name


def test_what_is_frozen_is_neither_in_the_optimizer_nor_in_the_norm_that_is_clipped(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    trainer = Trainer(short(toy, frozen=("head",)), tmp_path, log=quiet)
    trainer.fit(prepared)
    kept = read_checkpoint(trainer.checkpoint)["optimizer"]
    moving = [name for name, _ in trainer.student.named_parameters() if not name.startswith("head.")]
    assert len(kept["state"]) == len(kept["param_groups"][0]["params"]) == len(moving)
    assert all(value.grad is None for value in trainer.student.get_submodule("head").parameters())


def test_measured_statistics_of_what_is_frozen_stay_too(
    toy: Recipe, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS, "normed", Normed)
    normed = replace(toy, network=Network("normed"))
    trainer = Trainer(short(normed, frozen=("body",)), tmp_path, log=quiet)
    before = parts(trainer, "body")
    trainer.fit(prepared)  # over several checks, after each of which training is switched on again
    assert parts(trainer, "body") == before


def test_a_process_group_is_given_what_is_trained_after_it_is_frozen(toy: Recipe, tmp_path: Path) -> None:
    group = Noting()
    Trainer(short(toy, frozen=("head", "body")), tmp_path, group=group, log=quiet)
    assert group.noted == ["student.tail.weight", "student.tail.bias"]


def test_the_other_processes_start_from_what_the_first_has_read(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    weights = read_checkpoint(built / "toy" / "checkpoint.pt")["averaged"]
    trainer = begun(started(toy), tmp_path, prepared, Second(agreed=weights))
    assert_same(dict(trainer.averaged.state_dict()), weights)


def test_a_resumed_run_comes_to_the_weights_of_an_uninterrupted_one(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    recipe, build = started(toy, frozen=("head",)), link(built, tmp_path)
    whole = Trainer(recipe, build / "whole", log=quiet)
    whole.fit(prepared)
    with pytest.raises(KeyboardInterrupt):
        Trainer(recipe, build / "crisp", log=die_at_the_second_check).fit(prepared)
    (build / "toy" / "checkpoint.pt").unlink()  # a run that goes on does not start again
    resumed = Trainer(recipe, build / "crisp", log=quiet)
    resumed.resume()
    assert resumed.iteration == 4
    resumed.fit(prepared)
    assert weights_of(resumed) == weights_of(whole)


def test_a_start_that_is_not_there_is_an_error_with_the_remedy(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        Trainer(started(toy), tmp_path / "crisp", log=quiet).fit(prepared)
    assert str(caught.value) == (
        f"crisp starts from toy, and there is no {tmp_path}/toy/checkpoint.pt. "
        "Train it first: python -m distill run --recipe toy"
    )
    assert not list(tmp_path.iterdir())


def test_a_start_of_another_network_is_refused_with_both(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    wider = replace(started(toy), network=Network("cellnet", {"channels": 12, "depth": 1}))
    with pytest.raises(ModelError) as caught:
        begun(wider, link(built, tmp_path), prepared)
    assert str(caught.value) == (
        f"{tmp_path}/toy/checkpoint.pt holds cellnet cell=4 channels=8 depth=1; crisp, which starts from it, "
        "expected cellnet cell=4 channels=12 depth=1. Give both recipes one [network] table. "
        "Train it first: python -m distill run --recipe toy"
    )


def test_an_option_that_one_recipe_leaves_at_its_default_makes_no_other_network(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path
) -> None:
    short_hand = replace(started(toy), network=Network("cellnet", {"channels": 8, "depth": 1}))
    trainer = begun(short_hand, link(built, tmp_path), prepared)
    expected = read_checkpoint(built / "toy" / "checkpoint.pt")["averaged"]
    assert_same(dict(trainer.student.state_dict()), expected)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"recipe": '{"name": "toy", "colour": "blue"}'},
            "toy/checkpoint.pt is from another version of the program: .* no key 'colour'",
        ),
        (
            {"averaged": {"head.bias": torch.zeros(8)}},
            "the weights of toy are of an older cellnet: .*head.weight",
        ),
    ],
)
def test_a_start_by_another_program_is_refused_with_the_remedy(
    toy: Recipe, prepared: Prepared, built: Path, tmp_path: Path, changes: State, words: str
) -> None:
    build = rewrite(built, tmp_path, **changes)
    with pytest.raises(ModelError, match=f"{words}.* run --recipe toy$") as caught:
        begun(started(toy), build, prepared)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["neck", "", "head.weight"])
def test_a_part_that_is_not_there_is_refused_with_those_that_are(toy: Recipe, name: str) -> None:
    network = build(MIXED.name, MIXED.options)
    with pytest.raises(ConfigError, match=rf"frozen has '{name}'.* choose from: gauge, head, body, tail$"):
        freeze(network, ("head", name))


def test_a_network_that_is_frozen_whole_is_refused(toy: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="frozen = head, body, tail leaves nothing to train"):
        Trainer(short(toy, frozen=("head", "body", "tail")), tmp_path, log=quiet)


@pytest.mark.parametrize("name", CRISP)
def test_a_recipe_that_starts_from_another_has_its_network(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.network == load_recipe(recipe.training.start).network
    freeze(build(recipe.network.name, recipe.network.options), recipe.training.frozen)


def test_the_crisp_looks_share_gauge_and_head_with_the_faithful_ones() -> None:
    for name in ("best-crisp", "fast-crisp", "wide-crisp"):
        training = load_recipe(name).training
        assert (training.start, training.frozen) == (name.removesuffix("-crisp"), ("gauge", "head", "told"))


def whitened(name: str, looks: int) -> CondNet:
    """An untrained network like a published one, with the whitening of some noise."""
    options = load_recipe(name).network.options
    torch.manual_seed(0)
    student = build("condnet", {**options, "looks": looks})
    assert isinstance(student, CondNet)
    student.whiten(torch.rand(2, 3, 64, 64) * 0.2)
    return student


def face() -> torch.Tensor:
    """A blurred picture (1, 3, 96, 160) that fusion knows nothing of."""
    blurred = cv2.GaussianBlur(talking_head(1, (160, 96))[0].y, (0, 0), 1.2)
    seen = torch.from_numpy(blurred)[None, None].float() / 255
    return torch.cat([seen, torch.zeros(1, 2, *seen.shape[2:])], 1)


@pytest.mark.parametrize("name", ["fast", "best", "wide"])
@torch.no_grad()
def test_a_student_of_two_looks_goes_on_from_both_of_the_published_model(name: str) -> None:
    student, seen = whitened(name, looks=2), face()
    load_published(student, name, quiet)
    shipped = read_student(weights_folder(), read_manifest(weights_folder())[name])
    cells = to_cells(seen[:, :1], 4)
    assert torch.allclose(student.gauge(cells), shipped.gauge(cells), atol=1e-4)
    for crispness in (None, torch.tensor([1.0]), torch.tensor([0.5])):
        expected = shipped(seen, crispness)
        change, difference = expected - seen[:, :1], student(seen, crispness) - expected
        assert change.abs().max() * 255 > 2, "the picture shows nothing of the model"
        # the weights are divided by the whitening and multiplied again, which rounds them: some mixed
        # weights and features come to the next step of their grids, by 1 to 9% of the change as tried
        assert difference.norm() < 0.15 * change.norm()


@pytest.mark.parametrize("name", ["fast", "best", "wide"])
@torch.no_grad()
def test_a_student_of_one_look_goes_on_from_the_faithful_one(name: str) -> None:
    student, seen = whitened(name, looks=1), face()
    load_published(student, name, quiet)
    shipped = read_student(weights_folder(), read_manifest(weights_folder())[name])
    difference = (student(seen) - shipped(seen)) * 255
    # the weights' grid is the first look's own, not both looks' any more
    assert difference.square().mean().sqrt() < 0.5


def test_a_look_that_is_missing_begins_as_the_faithful_one(
    toy: Recipe, prepared: Prepared, tmp_path: Path
) -> None:
    one = replace(toy, name="one", network=MIXED)
    Trainer(short(one), tmp_path / "one", log=quiet).fit(prepared)
    network = Network("condnet", {**MIXED.options, "looks": 2})
    two = begun(replace(short(one, start="one"), name="two", network=network), tmp_path, prepared).averaged
    assert isinstance(two, CondNet)
    weights = read_checkpoint(tmp_path / "one" / "checkpoint.pt")["averaged"]
    assert torch.equal(two.tail.weight, torch.cat([weights["tail.weight"]] * 2))


def test_a_model_that_is_not_published_cannot_be_started_from() -> None:
    with pytest.raises(ModelError, match=r"no model 'nobody' is published in .*; choose one of: "):
        load_published(CondNet(), "nobody", quiet)


@torch.no_grad()
def test_a_wider_student_begins_as_the_published_one_and_has_features_to_spare() -> None:
    narrow, wide = (CondNet(channels=channels, depth=3, fused=True) for channels in (16, 24))
    sample = torch.rand(2, 3, 32, 32)
    for student in (narrow, wide):
        student.whiten(sample)
        load_published(student, "fast", quiet)
    expected, seen = narrow(face()), face()
    assert (expected - seen[:, :1]).abs().max() * 255 > 2, "the picture shows nothing of the model"
    # sums of more terms are rounded in another order, which moves a feature by a step here and there
    assert ((wide(seen) - expected) * 255).square().mean().sqrt() < 0.1


def test_the_features_to_spare_are_trained() -> None:
    wide = CondNet(channels=24, depth=3, fused=True)
    wide.whiten(torch.rand(2, 3, 32, 32))
    load_published(wide, "fast", quiet)
    wide(face()).square().mean().backward()
    assert wide.tail.weight.grad is not None
    assert wide.tail.weight.grad[:, :, 16:].abs().max() > 0


@pytest.mark.parametrize("shape", [{"channels": 12, "depth": 3}, {"channels": 16, "depth": 2}])
def test_a_published_model_of_another_shape_is_refused(shape: dict[str, int]) -> None:
    student = CondNet(**shape, fused=True)
    student.whiten(torch.rand(2, 3, 32, 32))
    with pytest.raises(ModelError, match="the published fast has other shapes"):
        load_published(student, "fast", quiet)


def test_a_published_model_that_is_told_of_fusion_does_not_become_one_that_is_not() -> None:
    with pytest.raises(ModelError, match=r"the published fast has other shapes.* fused = true"):
        load_published(CondNet(), "fast", quiet)
