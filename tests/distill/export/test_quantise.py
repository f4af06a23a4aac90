import pytest
import torch

from distill.export.quantise import LEVELS, snap_to_grid


@pytest.fixture
def weight() -> torch.Tensor:
    return torch.randn(4, 24, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def moment() -> torch.Tensor:
    """Of inputs that are nearly equal, as neighbouring pixels are."""
    return torch.ones(24, 24) + 0.01 * torch.eye(24)


def nearest(weight: torch.Tensor) -> torch.Tensor:
    step = weight.abs().amax(1, keepdim=True) / LEVELS
    return (weight / step).round() * step


def cost(weight: torch.Tensor, rounded: torch.Tensor, moment: torch.Tensor) -> float:
    error = (weight - rounded).double()
    return float((error @ moment.double() * error).sum())


def test_weights_lie_on_the_grid_of_their_row(weight: torch.Tensor, moment: torch.Tensor) -> None:
    steps = weight.abs().amax(1, keepdim=True) / LEVELS
    levels = snap_to_grid(weight, moment) / steps
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)  # float32
    assert levels.abs().max() <= LEVELS + 1e-4


def test_the_largest_weight_of_a_row_stays(weight: torch.Tensor, moment: torch.Tensor) -> None:
    snapped = snap_to_grid(weight, moment)
    torch.testing.assert_close(snapped.abs().amax(1), weight.abs().amax(1))


def test_the_output_stays_nearer_than_by_rounding_each_weight(
    weight: torch.Tensor, moment: torch.Tensor
) -> None:
    assert cost(weight, snap_to_grid(weight, moment), moment) < 0.5 * cost(weight, nearest(weight), moment)


def test_independent_inputs_are_simply_rounded(weight: torch.Tensor) -> None:
    torch.testing.assert_close(snap_to_grid(weight, torch.eye(24)), nearest(weight))


def test_the_weights_it_was_given_stay_as_they_were(weight: torch.Tensor, moment: torch.Tensor) -> None:
    before = weight.clone()
    snap_to_grid(weight, moment)
    assert torch.equal(weight, before)
