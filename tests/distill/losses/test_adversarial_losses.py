import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from distill.losses.adversarial import PatchDiscriminator, discriminator_loss, generator_loss

Loss = Callable[[Tensor, Tensor], Tensor]


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("loss", [discriminator_loss, generator_loss])
def test_scores_that_tell_nothing_apart_cost_twice_log_two(loss: Loss) -> None:
    scores = torch.full((2, 1, 3, 3), 5.0)
    assert loss(scores, scores).item() == pytest.approx(2 * math.log(2))


def test_one_score_each_by_hand() -> None:
    true, restored = torch.tensor([2.0]), torch.tensor([0.5])
    # 1.5 apart on either side
    assert discriminator_loss(true, restored).item() == pytest.approx(2 * math.log(1 + math.exp(-1.5)))
    assert generator_loss(true, restored).item() == pytest.approx(2 * math.log(1 + math.exp(1.5)))


def test_a_score_is_judged_against_the_mean_of_the_others() -> None:
    true, restored = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0])
    expected = sum(math.log(1 + math.exp(-(score - 0.5))) / 2 for score in (1, 3))
    expected += sum(math.log(1 + math.exp(score - 2)) / 2 for score in (0, 1))
    assert discriminator_loss(true, restored).item() == pytest.approx(expected)


@pytest.mark.parametrize("loss", [discriminator_loss, generator_loss])
def test_the_gradient_is_that_of_the_value(loss: Loss) -> None:
    true, restored = noise(0, 2, 1, 3, 3).requires_grad_(), noise(1, 2, 1, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(loss, (true, restored))


def test_certain_scores_have_a_finite_loss_and_gradient() -> None:
    true, restored = torch.full((4,), 1e4, requires_grad=True), torch.full((4,), -1e4, requires_grad=True)
    cost = discriminator_loss(true, restored) + generator_loss(true, restored)
    cost.backward()
    assert cost.isfinite()
    assert all(scores.grad is not None and scores.grad.isfinite().all() for scores in (true, restored))


@pytest.mark.parametrize(("planes", "halvings"), [(1, 3), (3, 2)])
def test_each_patch_gets_a_score(planes: int, halvings: int) -> None:
    critic = PatchDiscriminator(planes, width=8, halvings=halvings)
    scores = critic(torch.rand(2, planes, 48, 64))
    assert scores.shape == (2, 1, 48 // 2**halvings - 1, 64 // 2**halvings - 1)


def test_a_score_looks_at_46_pixels_a_side() -> None:
    torch.manual_seed(0)
    critic = PatchDiscriminator(width=8).eval()
    picture = torch.rand(1, 1, 96, 96, requires_grad=True)
    critic(picture)[0, 0, 5, 5].backward()
    assert picture.grad is not None
    rows, columns = picture.grad[0, 0].nonzero(as_tuple=True)
    assert int(rows.max() - rows.min()) + 1 == int(columns.max() - columns.min()) + 1 == 46


def test_it_learns_to_tell_sharp_from_blurred() -> None:
    torch.manual_seed(0)
    critic = PatchDiscriminator(width=8, halvings=2)
    optimizer = torch.optim.SGD(critic.parameters(), 0.2, momentum=0.9)
    for _ in range(25):
        true = torch.rand(4, 1, 24, 24)
        blurred = torch.nn.functional.avg_pool2d(true, 3, 1, 1)
        optimizer.zero_grad()
        cost = discriminator_loss(critic(true), critic(blurred))
        cost.backward()
        optimizer.step()
    assert cost.item() < math.log(2)  # half of what guessing costs


def test_the_student_learns_through_the_critic() -> None:
    torch.manual_seed(0)
    critic = PatchDiscriminator(width=8)
    restored = torch.rand(1, 1, 32, 32, requires_grad=True)
    generator_loss(critic(torch.rand(1, 1, 32, 32)).detach(), critic(restored)).backward()
    assert restored.grad is not None
    assert restored.grad.isfinite().all()
    assert restored.grad.any()
