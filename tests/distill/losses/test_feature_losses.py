import pytest
import torch
from torch import Tensor, nn

from distill.losses.distillation import DistillationLoss
from distill.losses.features import AFFINITY_SIDE, FEATURE_LOSSES, FeatureRegression, affinity, attention

LEARNED = "regression"
every_loss = pytest.mark.parametrize("name", [LEARNED, *FEATURE_LOSSES])


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss_named(name: str, student_channels: int, teacher_channels: int) -> DistillationLoss:
    torch.manual_seed(0)
    if name == LEARNED:
        return FeatureRegression(student_channels, teacher_channels).double()
    return FEATURE_LOSSES[name]


def through_identity(channels: int) -> FeatureRegression:
    """A regression whose adapter hands every channel on as it is."""
    loss = FeatureRegression(channels, channels).double()
    nn.init.dirac_(loss.adapter.weight)
    nn.init.zeros_(loss.adapter.bias)
    return loss


@every_loss
def test_the_teachers_features_cost_nothing_and_ask_for_no_change(name: str) -> None:
    teacher = noise(0, 2, 4, 5, 6)
    student = teacher.clone().requires_grad_()
    cost = (through_identity(4) if name == LEARNED else FEATURE_LOSSES[name])(student, teacher, None)
    cost.backward()
    assert cost.shape == ()
    assert cost.item() == pytest.approx(0, abs=1e-12)  # float64
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-12


@every_loss
def test_the_gradient_is_that_of_the_value(name: str) -> None:
    student, teacher, weight = noise(0, 2, 3, 4, 4), noise(1, 2, 5, 2, 3), noise(2, 2).abs()
    loss = loss_named(name, 3, 5)
    assert torch.autograd.gradcheck(
        lambda features: loss(features, teacher, weight), student.requires_grad_()
    )


@every_loss
def test_dead_features_have_a_finite_gradient(name: str) -> None:
    student, teacher = torch.zeros(1, 3, 4, 4, dtype=torch.float64, requires_grad=True), noise(1, 1, 5, 4, 4)
    loss_named(name, 3, 5)(student, teacher, None).backward()
    assert student.grad is not None
    assert student.grad.isfinite().all()


@every_loss
def test_a_dead_teacher_does_no_harm(name: str) -> None:
    student = noise(0, 1, 3, 4, 4).requires_grad_()
    cost = loss_named(name, 3, 5)(student, torch.zeros(1, 5, 4, 4, dtype=torch.float64), None)
    cost.backward()
    assert cost.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()


@every_loss
def test_the_teacher_learns_nothing(name: str) -> None:
    student, teacher = noise(0, 1, 3, 4, 4).requires_grad_(), noise(1, 1, 5, 4, 4).requires_grad_()
    loss_named(name, 3, 5)(student, teacher, None).backward()
    assert teacher.grad is None


@every_loss
def test_each_picture_counts_by_its_weight(name: str) -> None:
    student, teacher, loss = noise(0, 3, 3, 4, 4), noise(1, 3, 5, 4, 4), loss_named(name, 3, 5)
    single = [loss(student[[index]], teacher[[index]], None).item() for index in range(3)]
    weight = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
    assert loss(student, teacher, weight).item() == pytest.approx((single[1] + 0.5 * single[2]) / 3)


@every_loss
@pytest.mark.parametrize("student_grid", [(4, 6), (8, 12), (5, 13)])
def test_grids_may_differ(name: str, student_grid: tuple[int, int]) -> None:
    cost = loss_named(name, 3, 5)(noise(0, 1, 3, *student_grid), noise(1, 1, 5, 6, 9), None)
    assert cost.isfinite()
    assert cost > 0


@pytest.mark.parametrize("name", FEATURE_LOSSES)
def test_features_of_another_scale_and_number_of_channels_cost_the_same(name: str) -> None:
    student, teacher = noise(0, 1, 3, 4, 4), noise(1, 1, 5, 4, 4)
    plain = FEATURE_LOSSES[name](student, teacher, None).item()
    # repeated channels change no cosine and no map's shape; 1e-5: TINY beside sums of squares near 1
    scaled = FEATURE_LOSSES[name](30 * torch.cat([student, student], 1), 0.5 * teacher, None).item()
    assert scaled == pytest.approx(plain, rel=1e-5)


def test_regression_costs_one_for_an_adapter_that_gives_nothing() -> None:
    loss = FeatureRegression(3, 5).double()
    nn.init.zeros_(loss.adapter.weight)
    nn.init.zeros_(loss.adapter.bias)
    for scale in (0.1, 100):
        cost = loss(noise(0, 2, 3, 4, 4), scale * noise(1, 2, 5, 4, 4))
        assert cost.item() == pytest.approx(1, rel=1e-3)  # TINY beside a mean square of 0.01


def test_the_adapter_maps_each_place_from_one_set_of_channels_to_the_other() -> None:
    student, channels = noise(0, 2, 3, 4, 4), noise(1, 5, 3)
    teacher = torch.einsum("tf,bfhw->bthw", channels, student) + 0.5
    loss = FeatureRegression(3, 5).double()
    loss.adapter.weight.data = channels[..., None, None]
    nn.init.constant_(loss.adapter.bias, 0.5)
    assert loss(student, teacher).item() == pytest.approx(0, abs=1e-12)  # float64


def test_the_adapter_is_trained() -> None:
    loss = FeatureRegression(3, 5).double()
    loss(noise(0, 2, 3, 4, 4), noise(1, 2, 5, 4, 4)).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in loss.parameters())


def test_affinity_of_two_places_by_hand() -> None:
    # the student's two places are alike, the teacher's at right angles: 1 against 0 in two of four pairs
    student = torch.tensor([[1.0, 2.0], [0.0, 0.0]]).view(1, 2, 1, 2)
    teacher = torch.tensor([[1.0, 0.0], [0.0, 3.0]]).view(1, 2, 1, 2)
    assert affinity(student, teacher).item() == pytest.approx(0.5, abs=1e-5)  # TINY


def test_affinity_does_not_see_a_rotation_of_the_channels() -> None:
    teacher = noise(0, 1, 4, 3, 3)
    rotation, _ = torch.linalg.qr(noise(1, 4, 4))
    student = torch.einsum("tf,bfhw->bthw", rotation, teacher)
    assert affinity(student, teacher).item() == pytest.approx(0, abs=1e-12)  # float64


def test_affinity_averages_large_grids() -> None:
    student, teacher = noise(0, 1, 2, 64, 48), noise(1, 1, 3, 64, 48)
    coarse = [nn.functional.adaptive_avg_pool2d(features, AFFINITY_SIDE) for features in (student, teacher)]
    assert affinity(student, teacher).item() == pytest.approx(affinity(*coarse).item())


def test_affinity_in_half_precision_is_that_of_the_same_features() -> None:
    student, teacher = noise(0, 1, 3, 4, 4).bfloat16(), noise(1, 1, 5, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        inside = affinity(student, teacher)
    assert inside.item() == affinity(student.float(), teacher.float()).item()


def test_attention_of_two_places_by_hand() -> None:
    # energies 9 : 16 against 1 : 0, of unit length (9, 16) / 337**0.5 and (1, 0)
    student = torch.tensor([[3.0, 0.0], [0.0, -4.0]]).view(1, 2, 1, 2)
    teacher = torch.tensor([2.0, 0.0]).view(1, 1, 1, 2)
    assert attention(student, teacher).item() == pytest.approx(2 - 2 * 9 / 337**0.5)


def test_attention_to_different_places_costs_two() -> None:
    left, right = torch.zeros(2, 1, 3, 2, 2)
    left[..., 0], right[..., 1] = 1, 1
    assert attention(left, right).item() == pytest.approx(2)
