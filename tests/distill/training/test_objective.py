import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from distill.catalogue import build
from distill.data.pack import Samples
from distill.losses.distillation import output_mse
from distill.losses.pixel import CAREFUL_MSE, charbonnier, l1, relative_mse
from distill.networks.cellnet import CellNet
from distill.networks.condnet import CondNet
from distill.recipe import Distillation, Recipe
from distill.training.batches import to_batch
from distill.training.objective import FeatureHook, Objective, Teacher
from vcam.errors import ConfigError

Shown = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]  # seen, truth, kinds, context, outputs

HIGH, LOW = [1.0] * 6, [0.0] * 6  # gains of each of DAMAGE_CLASSES, dB


@pytest.fixture
def teacher(student: CellNet) -> Teacher:
    """The trained toy student."""
    return Teacher("trained", copy.deepcopy(student))


@pytest.fixture
def batch(samples: Samples) -> Shown:
    made = to_batch(samples.clips[:6], samples.kinds[:6])
    # (6, 3, 64, 64), (6, 1, 64, 64), (6,), (6, 0, 64, 64), (6, 0, 64, 64)
    return made.seen, made.truth, made.kinds, made.context, made.outputs


def taught(recipe: Recipe, **losses: float) -> Recipe:
    return replace(recipe, distillation=Distillation(("trained",), losses))


def heard(objective: Objective) -> Objective:
    """The objective, with every teacher better than the student."""
    for number in range(len(objective.teachers)):
        objective.gates.set_teacher(number, HIGH)
    objective.gates.set_student(LOW)
    return objective


def test_without_teachers_the_loss_is_the_weighted_sum_of_those_against_the_truth(
    toy: Recipe, batch: Shown
) -> None:
    recipe = replace(toy, losses={"relative_mse": 0.5, "charbonnier": 3.0})
    objective = Objective(CellNet(4, 8, 1), recipe, [])
    seen, truth, *_ = batch
    shown = seen[:, 1:2]
    restored = objective.student(shown)
    expected = 0.5 * relative_mse(restored, shown, truth) + 3 * charbonnier(restored, shown, truth)
    torch.testing.assert_close(objective(*batch), expected)


def test_a_teacher_that_is_better_adds_its_loss(toy: Recipe, teacher: Teacher, batch: Shown) -> None:
    student = CellNet(4, 8, 1)
    objective = heard(Objective(student, taught(toy, output_mse=2.0), [teacher]))
    seen, truth, *_ = batch
    shown = seen[:, 1:2]
    restored = student(shown)
    expected = relative_mse(restored, shown, truth) + 2 * output_mse(restored, teacher(shown))
    torch.testing.assert_close(objective(*batch), expected)


@pytest.mark.parametrize("loss", ["output_mse", "output_kl", "feature", "affinity", "attention"])
def test_a_teacher_that_the_student_has_passed_is_not_heard(
    toy: Recipe, teacher: Teacher, batch: Shown, loss: str
) -> None:
    student = CellNet(4, 8, 1)
    objective = Objective(student, taught(toy, **{loss: 5.0}), [teacher])
    alone = Objective(student, toy, [])(*batch)
    objective.gates.set_student(HIGH)
    objective.gates.set_teacher(0, LOW)
    assert torch.equal(objective(*batch), alone)
    assert not torch.equal(heard(objective)(*batch), alone)


def test_a_teacher_is_heard_on_the_damage_alone_where_it_is_better(
    toy: Recipe, teacher: Teacher, batch: Shown
) -> None:
    seen, truth, _, *others = batch
    objective = Objective(CellNet(4, 8, 1), taught(toy, output_mse=5.0), [teacher])
    objective.gates.set_teacher(0, [0, 0, 1.0, 0, 0, 0])
    alone = Objective(objective.student, toy, [])
    for kind in range(6):
        kinds = torch.full((6,), kind)
        is_taught = not torch.equal(
            objective(seen, truth, kinds, *others), alone(seen, truth, kinds, *others)
        )
        assert is_taught == (kind == 2)


def test_the_target_is_the_teachers_mean_by_their_margins(
    toy: Recipe, teacher: Teacher, batch: Shown
) -> None:
    torch.manual_seed(1)
    other = Teacher("other", CellNet(4, 8, 1))
    student = CellNet(4, 8, 1)
    objective = Objective(student, taught(toy, output_mse=1.0), [teacher, other])
    objective.gates.set_teacher(0, [0.3] * 6)
    objective.gates.set_teacher(1, [0.1] * 6)
    seen, truth, *_ = batch
    shown = seen[:, 1:2]
    target = 0.75 * teacher(shown) + 0.25 * other(shown)
    restored = student(shown)
    expected = relative_mse(restored, shown, truth) + output_mse(restored, target)
    torch.testing.assert_close(objective(*batch), expected)


def test_cached_answers_teach_what_the_teachers_themselves_would(
    toy: Recipe, teacher: Teacher, batch: Shown
) -> None:
    torch.manual_seed(1)
    other = Teacher("other", CellNet(4, 8, 1))
    recipe = taught(toy, output_mse=1.0)
    asked = Objective(CellNet(4, 8, 1), recipe, [teacher, other])
    kept = replace(recipe, distillation=replace(recipe.distillation, cached=True))
    reading = Objective(asked.student, kept, [teacher, other])
    for objective in (asked, reading):
        objective.gates.set_teacher(0, [0.3] * 6)
        objective.gates.set_teacher(1, [0.1] * 6)
    seen, *between, _ = batch
    outputs = torch.cat([teacher(seen[:, 1:2]), other(seen[:, 1:2])], 1)
    torch.testing.assert_close(reading(seen, *between, outputs), asked(*batch))


def test_a_relative_teacher_counts_alike_on_pictures_that_are_damaged_more_or_less(
    toy: Recipe, teacher: Teacher, batch: Shown
) -> None:
    objective = heard(Objective(CellNet(4, 8, 1), taught(toy, output_relative=1.0), [teacher]))
    seen, truth, *_ = batch
    shown = seen[:, 1:2]
    restored, target = objective.student(shown), teacher(shown)
    before, off = (
        ((each - other) ** 2).mean((1, 2, 3)) for each, other in ((shown, truth), (restored, target))
    )
    expected = relative_mse(restored, shown, truth) + (off / (before + CAREFUL_MSE)).mean()
    torch.testing.assert_close(objective(*batch), expected)


def test_features_cannot_be_cached(toy: Recipe, teacher: Teacher) -> None:
    recipe = taught(toy, output_mse=1.0, affinity=1.0)
    recipe = replace(recipe, distillation=replace(recipe.distillation, cached=True))
    with pytest.raises(ConfigError, match="'affinity', and only outputs can be cached"):
        Objective(CellNet(4, 8, 1), recipe, [teacher])


def test_a_teacher_may_look_at_more_frames_than_its_student(toy: Recipe, batch: Shown) -> None:
    window = Teacher("window", build("nafnet", {"channels": 8, "blocks": 1, "frames": 3}))
    objective = heard(Objective(CellNet(4, 8, 1), taught(toy, output_mse=1.0), [window]))
    assert objective.frames == 3
    assert objective(*batch).isfinite()


def test_a_teacher_of_rgb_teaches_luma_by_grey_pictures() -> None:
    network = build("plain", {"channels": 8, "depth": 2})
    teacher = Teacher("rgb", network, planes=1)
    seen = torch.rand(2, 1, 16, 16)
    rgb = network(seen.expand(-1, 3, -1, -1))
    expected = 0.299 * rgb[:, :1] + 0.587 * rgb[:, 1:2] + 0.114 * rgb[:, 2:]
    torch.testing.assert_close(teacher(seen), expected)
    assert teacher.colour == "luma"


def test_a_teacher_is_frozen_and_no_part_of_the_objectives_weights(toy: Recipe, teacher: Teacher) -> None:
    objective = Objective(CellNet(4, 8, 1), taught(toy, output_mse=1.0), [teacher])
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert len(list(objective.parameters())) == len(list(objective.student.parameters()))
    assert {name.partition(".")[0] for name in objective.state_dict()} == {"student", "gates"}
    objective.train()
    assert not teacher.network.training


def test_the_regression_on_features_is_trained_with_the_student(
    toy: Recipe, teacher: Teacher, batch: Shown
) -> None:
    objective = heard(Objective(CellNet(4, 16, 1), taught(toy, feature=1.0), [teacher]))
    objective(*batch).backward()
    assert objective.regression is not None
    adapter = objective.regression.adapter
    assert adapter.weight.shape == (8, 16, 1, 1)
    assert adapter.weight.grad is not None
    assert adapter.weight.grad.any()


def test_a_tap_hears_the_body_and_leaves_no_hook() -> None:
    network = CellNet(4, 8, 1)
    with FeatureHook(network) as tap:
        network(torch.rand(2, 1, 16, 24))
    assert tap.features.shape == (2, 8, 4, 6)
    assert not network.body._forward_hooks


def test_the_perceptual_loss_is_left_out_without_its_weights(toy: Recipe, batch: Shown) -> None:
    class Brightness(nn.Module):
        """Stands for a loss that is given from outside."""

        def forward(self, restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
            return restored.mean()

    recipe = replace(toy, losses={"relative_mse": 1.0, "perceptual": 0.5})
    student = CellNet(4, 8, 1)
    alone = Objective(student, toy, [])(*batch)
    assert torch.equal(Objective(student, recipe, [])(*batch), alone)
    judged = Objective(student, recipe, [], Brightness())(*batch)
    torch.testing.assert_close(judged - alone, 0.5 * student(batch[0][:, 1:2]).mean())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": {"l3": 1.0}}, r"\[losses\] has no 'l3'; choose some of: .*charbonnier"),
        (
            {"distillation": Distillation(("x",), {"telepathy": 1.0})},
            r"\[distillation\] losses has no 'telepathy'; choose some of: output_mse",
        ),
        (
            {"distillation": Distillation((), {"output_mse": 1.0})},
            "toy has distillation losses and no teacher; name one",
        ),
    ],
)
def test_what_an_objective_does_not_know_is_refused_with_what_it_knows(
    toy: Recipe, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Objective(CellNet(4, 8, 1), replace(toy, **changes), [])


class Leaning(nn.Module):
    """A network that is not the same from all sides: it moves the picture, and lights its left half."""

    colour, frames, multiple = "luma", 1, 1

    def forward(self, seen: Tensor) -> Tensor:
        moved = seen.roll(1, -1)
        moved[..., : seen.shape[-1] // 2] += 0.1
        return moved


def test_a_symmetric_teacher_answers_a_turned_picture_with_a_turned_answer() -> None:
    seen = torch.rand(2, 1, 16, 16)
    plain = Teacher("leaning", Leaning())
    symmetric = Teacher("leaning", Leaning(), is_symmetric=True)
    for turn in (lambda picture: picture.flip(-1), lambda picture: torch.rot90(picture, 1, (-2, -1))):
        torch.testing.assert_close(symmetric(turn(seen)), turn(symmetric(seen)))
        assert not torch.equal(plain(turn(seen)), turn(plain(seen)))


def test_a_symmetric_teacher_is_the_mean_of_eight_answers() -> None:
    seen = torch.rand(1, 1, 8, 8)
    seen_from_all_sides = [
        torch.rot90(picture, quarters, (-2, -1)) for picture in (seen, seen.flip(-1)) for quarters in range(4)
    ]
    network = Leaning()
    outputs = [network(picture).mean() for picture in seen_from_all_sides]
    found = Teacher("leaning", network, is_symmetric=True)(seen).mean()
    torch.testing.assert_close(found, torch.stack(outputs).mean())


def looked_at(samples: Samples, **changes: object) -> tuple[CondNet, Recipe, Shown]:
    """A student of two looks that differ, its recipe, and a batch."""
    torch.manual_seed(0)
    student = CondNet(4, 8, 1, experts=2, looks=2)
    made = to_batch(samples.clips[:6, 1:2], samples.kinds[:6])
    student.whiten(made.seen)
    recipe = Recipe("two", losses={"relative_mse": 1.0}, crisp_losses={"l1": 2.0}, **changes)  # type: ignore[arg-type]
    return student, recipe, (made.seen, made.truth, made.kinds, made.context, made.outputs)


def test_every_other_sample_trains_the_crisp_look_by_its_own_losses(samples: Samples) -> None:
    student, recipe, batch = looked_at(samples)
    seen, truth, *_ = batch
    faithful, crisp = student(seen[::2]), student(seen[1::2], torch.ones(3))
    expected = relative_mse(faithful, seen[::2], truth[::2]) + 2 * l1(crisp, seen[1::2], truth[1::2])
    torch.testing.assert_close(Objective(student, recipe, [])(*batch), expected)


def test_the_crisp_look_has_no_teacher(samples: Samples, teacher: Teacher) -> None:
    student, recipe, batch = looked_at(samples, distillation=Distillation(("trained",), {"output_mse": 1.0}))
    objective = heard(Objective(student, recipe, [teacher]))
    alone = Objective(student, replace(recipe, distillation=Distillation()), [])
    seen, *_ = batch
    expected = output_mse(student(seen[::2]), teacher(seen[::2]))
    torch.testing.assert_close(objective(*batch) - alone(*batch), expected)


def test_losses_of_a_look_that_is_not_there_are_refused(toy: Recipe) -> None:
    recipe = replace(toy, crisp_losses={"crisp_mse": 1.0})
    with pytest.raises(ConfigError, match=r"toy has crisp_losses and one look; set \[network\] looks = 2"):
        Objective(CellNet(4, 8, 1), recipe, [])
