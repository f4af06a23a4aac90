import pytest
import torch
from torch import Tensor

from distill.losses.distillation import (
    OUTPUT_LOSSES,
    DistillationLoss,
    output_charbonnier,
    output_kl,
    output_l1,
    output_mse,
)
from distill.losses.pixel import CHARBONNIER_EPS

every_loss = pytest.mark.parametrize("loss", OUTPUT_LOSSES.values(), ids=OUTPUT_LOSSES.keys())


def noise(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@every_loss
@pytest.mark.parametrize("planes", [1, 3])
def test_the_teachers_picture_costs_nothing_and_asks_for_no_change(
    loss: DistillationLoss, planes: int
) -> None:
    teacher = noise(0, 2, planes, 6, 7)
    student = teacher.clone().requires_grad_()
    cost = loss(student, teacher, None)
    cost.backward()
    assert cost.shape == ()
    assert cost.item() == pytest.approx(0, abs=1e-12)  # float64
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-12


@every_loss
def test_the_gradient_is_that_of_the_value(loss: DistillationLoss) -> None:
    student, teacher, weight = noise(0, 2, 2, 4, 5), noise(1, 2, 2, 4, 5), noise(2, 2)
    assert torch.autograd.gradcheck(lambda picture: loss(picture, teacher, weight), student.requires_grad_())


@every_loss
def test_the_teacher_learns_nothing(loss: DistillationLoss) -> None:
    student, teacher = noise(0, 1, 1, 4, 4).requires_grad_(), noise(1, 1, 1, 4, 4).requires_grad_()
    loss(student, teacher, None).backward()
    assert teacher.grad is None


@every_loss
def test_each_picture_counts_by_its_weight(loss: DistillationLoss) -> None:
    student, teacher = noise(0, 3, 1, 4, 4), noise(1, 3, 1, 4, 4)
    single = [loss(student[[index]], teacher[[index]], None).item() for index in range(3)]
    weight = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
    expected = (single[1] + 0.5 * single[2]) / 3
    assert loss(student, teacher, weight).item() == pytest.approx(expected)
    assert loss(student, teacher, None).item() == pytest.approx(sum(single) / 3)


@every_loss
def test_a_teacher_that_counts_nowhere_costs_nothing(loss: DistillationLoss) -> None:
    assert loss(noise(0, 2, 1, 4, 4), noise(1, 2, 1, 4, 4), torch.zeros(2)).item() == 0


def test_an_error_of_a_tenth_costs_its_square_or_itself() -> None:
    teacher = torch.full((1, 1, 4, 4), 0.5)
    student = teacher + 0.1
    assert output_mse(student, teacher).item() == pytest.approx(0.01)
    assert output_l1(student, teacher).item() == pytest.approx(0.1)
    expected = (0.01 + CHARBONNIER_EPS**2) ** 0.5 - CHARBONNIER_EPS
    assert output_charbonnier(student, teacher).item() == pytest.approx(expected)


def test_kl_of_two_pixels_by_hand() -> None:
    # tau 1: exp(log 3) to exp(0) makes shares of 3/4 and 1/4; the student's are halves
    teacher = torch.tensor([3.0, 1.0]).log().view(1, 1, 1, 2)
    student = torch.zeros(1, 1, 1, 2)
    expected = 0.75 * torch.tensor(0.75 / 0.5).log() + 0.25 * torch.tensor(0.25 / 0.5).log()
    assert output_kl(student, teacher).item() == pytest.approx(expected.item(), rel=1e-5)  # float32
    # twice the contrast at twice the temperature: the same shares, times tau squared
    warm = output_kl(student, 2 * teacher, temperature=2.0)
    assert warm.item() == pytest.approx(4 * expected.item(), rel=1e-5)


def test_kl_of_near_pictures_is_half_the_variance_of_their_difference() -> None:
    teacher, difference = noise(0, 1, 1, 64, 64), 0.01 * noise(1, 1, 1, 64, 64)
    shares = torch.softmax(teacher.flatten(), 0)
    mean = (shares * difference.flatten()).sum()
    variance = (shares * (difference.flatten() - mean) ** 2).sum()
    # the next term of the series is a third moment: of the order of the difference itself, a hundredth
    assert output_kl(teacher + difference, teacher).item() == pytest.approx(variance.item() / 2, rel=0.01)


def test_kl_does_not_see_a_shift_in_brightness() -> None:
    teacher = noise(0, 1, 1, 8, 8)
    assert output_kl(teacher + 0.2, teacher).item() == pytest.approx(0, abs=1e-12)  # float64


def test_kl_is_summed_in_single_precision_whatever_the_network_computed_in() -> None:
    student, teacher = noise(0, 1, 1, 32, 32).bfloat16(), noise(1, 1, 1, 32, 32).bfloat16()
    assert output_kl(student, teacher).item() == output_kl(student.float(), teacher.float()).item()
