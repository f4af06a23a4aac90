import numpy as np
import pytest
import torch
from torch.nn import functional as F

from distill.data.pack import Samples
from distill.networks.cells import to_cells
from distill.networks.condnet import STREAM_LIMIT, CondNet, join_looks, told_cells
from distill.networks.mixed import (
    FEATURE_LEVELS,
    LEAST_WEIGHT,
    WEIGHT_LEVELS,
    MixedConv,
    round_through,
    saturate,
)
from vcam.restore import ZERO_RESIDUAL
from vcam.restore.fusion import AGE_UNIT, NOISE_UNIT, tell


@pytest.fixture
def seen(samples: Samples) -> torch.Tensor:
    return torch.from_numpy(samples.clips[:8, 1, 0]).float() / 255  # (8, 1, 64, 64)


@pytest.fixture
def network(seen: torch.Tensor) -> CondNet:
    torch.manual_seed(0)
    network = CondNet(4, 8, 2, experts=3)
    network.whiten(seen)
    return network


@pytest.mark.parametrize(("cell", "depth", "experts"), [(4, 2, 3), (8, 1, 1), (4, 0, 2)])
def test_the_restored_picture_has_the_shape_of_the_seen(cell: int, depth: int, experts: int) -> None:
    assert CondNet(cell, 8, depth, experts)(torch.rand(2, 1, 32, 48)).shape == (2, 1, 32, 48)


def test_an_untrained_student_hardly_changes_the_picture(seen: torch.Tensor) -> None:
    torch.manual_seed(0)
    # two code values: what a first step of training can fix
    assert (CondNet(4, 16, 2)(seen) - seen).abs().max() < 2 / 255


@torch.no_grad()
def test_each_sample_has_weights_of_its_own(network: CondNet, seen: torch.Tensor) -> None:
    """Mixed in one batch or alone: the shares of one sample do not leak into another."""
    cells = to_cells(seen[:3], 4)
    shares = torch.eye(3)
    together = network.residual_cells(cells, shares)
    for number in range(3):
        cell = cells[number : number + 1]
        alone = network.residual_cells(cell, shares[number : number + 1])
        of_another = network.residual_cells(cell, shares[(number + 1) % 3][None])
        # sums in another order may round a feature to the next step of its grid, which some residuals show:
        # by under 1% of what the shares of another sample would do, on each processor tried
        leaked = (together[number : number + 1] - alone).norm() / (of_another - alone).norm()
        assert leaked < 0.1


@torch.no_grad()
def test_experts_differ_and_all_are_asked(seen: torch.Tensor) -> None:
    torch.manual_seed(0)
    conv = MixedConv(4, 6, experts=3)
    inputs = torch.randn(1, 4, 5, 5)
    outputs = [conv(inputs, torch.eye(3)[number : number + 1]) for number in range(3)]
    assert (outputs[0] - outputs[1]).abs().max() > 1e-3
    assert (outputs[0] - outputs[2]).abs().max() > 1e-3


@torch.no_grad()
def test_a_mixture_is_the_mean_of_the_experts_up_to_the_grid() -> None:
    torch.manual_seed(0)
    conv = MixedConv(4, 6, experts=2)
    inputs = torch.randn(1, 4, 5, 5)
    ends = [conv(inputs, torch.eye(2)[number : number + 1]) for number in range(2)]
    middle = conv(inputs, torch.tensor([[0.5, 0.5]]))
    # each of 36 weights is off by half a step at most
    most = float(0.5 * conv.weight_step().max() * inputs.abs().sum())
    assert (middle - (ends[0] + ends[1]) / 2).abs().max() < most


@torch.no_grad()
def test_the_weights_that_are_used_lie_on_the_grid_of_seven_bits() -> None:
    torch.manual_seed(0)
    conv = MixedConv(4, 6, experts=3)
    grid = conv.grid_weight()
    assert torch.equal(grid, grid.round())
    assert grid.abs().max() == WEIGHT_LEVELS
    impulse = torch.zeros(1, 4, 3, 3)
    impulse[0, 0, 1, 1] = 1
    conv.bias.zero_()
    answer = conv(impulse, torch.tensor([[0.2, 0.3, 0.5]]))[0] / conv.weight_step()[:, 0]
    # of 64 steps, 1e-2: a convolution by Winograd's transform is exact to 1e-5 of its largest value, and off
    # the grid would be off by a quarter in the mean
    torch.testing.assert_close(answer, answer.round(), atol=1e-2, rtol=0)


def test_a_silent_row_keeps_a_step_that_a_bias_can_be_told_in() -> None:
    conv = MixedConv(4, 6, experts=2)
    torch.nn.init.zeros_(conv.weight)
    assert (conv.weight_step() == LEAST_WEIGHT / WEIGHT_LEVELS).all()


@pytest.mark.parametrize("limit", [1.0, STREAM_LIMIT])
def test_features_saturate_and_lie_on_the_grid_of_uint8(limit: float) -> None:
    features = torch.linspace(-3 * limit, 3 * limit, 1001)
    found = saturate(features, limit)
    assert found.max() == limit
    assert found.min() == -limit
    steps = found * FEATURE_LEVELS / limit
    torch.testing.assert_close(steps, steps.round(), atol=1e-4, rtol=0)
    inside = features.abs() < limit
    assert (found - features)[inside].abs().max() <= 0.51 * limit / FEATURE_LEVELS


def test_the_gradient_passes_through_rounding_and_stops_where_it_saturates() -> None:
    features = torch.tensor([-2.0, -0.3, 0.4, 1.5], requires_grad=True)
    saturate(features).sum().backward()
    assert features.grad is not None
    assert features.grad.tolist() == [0, 1, 1, 0]
    values = torch.tensor([0.2, 0.7], requires_grad=True)
    rounded = round_through(values)
    assert rounded.tolist() == [0, 1]
    rounded.sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [1, 1]


def test_shares_are_a_distribution_that_depends_on_the_damage(network: CondNet, seen: torch.Tensor) -> None:
    sharp = network.gauge(to_cells(seen, 4))
    blurred = network.gauge(to_cells(F.avg_pool2d(F.pad(seen, (2, 2, 2, 2), mode="reflect"), 5, 1), 4))
    assert (sharp > 0).all()
    # the rest is the share of doing nothing, which starts small
    assert (sharp.sum(1) > 0.9).all()
    assert (sharp.sum(1) < 1).all()
    assert (sharp - blurred).abs().max() > 1e-3


@torch.no_grad()
def test_a_picture_for_which_the_gauge_wants_nothing_done_stays_as_it_is(
    network: CondNet, seen: torch.Tensor
) -> None:
    network.gauge.shares.bias[-1] = 50
    assert torch.equal(network(seen), seen)


@torch.no_grad()
def test_the_gauge_does_not_mind_the_size_of_the_picture(network: CondNet, seen: torch.Tensor) -> None:
    whole = network.gauge.energies(to_cells(seen, 4))
    tiled = network.gauge.energies(to_cells(seen.repeat(1, 1, 3, 3), 4))
    # half a natural logarithm: seams between the tiles are edges that the picture alone has not
    assert (whole - tiled).abs().max() < 0.5


def test_all_parts_learn(network: CondNet, seen: torch.Tensor) -> None:
    network(seen).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_it_says_how_far_it_reaches(network: CondNet, seen: torch.Tensor) -> None:
    """One for each convolution: head, two blocks, tail."""
    assert network.reach == 4
    cells = torch.rand(1, 16, 21, 21, requires_grad=True)
    residual = network.residual_cells(cells - 0.5, torch.full((1, 3), 1 / 3))
    residual[0, :, 10, 10].sum().backward()
    assert cells.grad is not None
    rows = cells.grad[0].abs().sum((0, 2)).nonzero()[:, 0]
    assert 10 - network.reach <= int(rows.min()) <= int(rows.max()) <= 10 + network.reach


@torch.no_grad()
def test_looks_that_are_joined_are_each_what_they_were(network: CondNet, seen: torch.Tensor) -> None:
    crisp = CondNet(4, 8, 2, experts=3)
    crisp.load_state_dict(network.state_dict())
    for conv in crisp.mixed():
        conv.bias.add_(0.05 / conv.unit if conv.unit < 1 else 0.05)
    joined = join_looks(network, crisp)
    assert joined.experts == 6
    cells = to_cells(seen[:1], 4)
    shares = network.gauge(cells)
    nothing = torch.zeros(1, 3)
    faithful = network.residual_cells(cells, shares)
    expected = crisp.residual_cells(cells, shares)
    apart = (expected - faithful).norm()
    # sums over more experts, in another order: a weight or a feature may come to the next step of its grid
    for found, look in (
        (joined.residual_cells(cells, torch.cat([shares, nothing], 1)), faithful),
        (joined.residual_cells(cells, torch.cat([nothing, shares], 1)), expected),
    ):
        assert (found - look).norm() < 0.1 * apart
    assert network.experts == 3, "the faithful network was changed"


def test_looks_of_different_starts_cannot_be_joined(network: CondNet) -> None:
    with pytest.raises(ValueError, match="differ in gauge or head"):
        join_looks(network, CondNet(4, 8, 2, experts=3))


@pytest.fixture
def told(seen: torch.Tensor) -> CondNet:
    """A network that is told of fusion, after a step of training."""
    torch.manual_seed(0)
    network = CondNet(4, 8, 2, experts=3, fused=True)
    network.whiten(with_context(seen, 5.0, 4.0))
    assert network.told is not None
    torch.nn.init.normal_(network.told.weight, std=0.3)
    return network


def with_context(seen: torch.Tensor, frames: float, noise: float) -> torch.Tensor:
    planes = torch.tensor([(frames - 1) * AGE_UNIT, noise * NOISE_UNIT]) / 255
    return torch.cat([seen, planes.view(1, 2, 1, 1).expand(len(seen), 2, *seen.shape[2:])], 1)


def test_a_network_is_told_what_a_camera_would_tell_it(seen: torch.Tensor) -> None:
    context = with_context(seen, 5.0, 4.0)[:, 1:]
    by_camera = tell(np.full((16, 16), 5, np.float32), np.full((16, 16), 4, np.float32))
    by_torch = told_cells(context, 4)[0].permute(1, 2, 0) * 255 + ZERO_RESIDUAL
    np.testing.assert_array_equal(by_torch.numpy().astype(np.uint8), by_camera)


def test_being_told_nothing_changes_nothing(told: CondNet, seen: torch.Tensor) -> None:
    silent = with_context(seen, 1.0, 0.0)
    before = told(silent)
    assert told.told is not None
    torch.nn.init.zeros_(told.told.weight)
    torch.testing.assert_close(told(silent), before)


def test_what_it_is_told_matters(told: CondNet, seen: torch.Tensor) -> None:
    assert not torch.equal(told(with_context(seen, 1.0, 4.0)), told(with_context(seen, 8.0, 4.0)))
    assert told(with_context(seen, 1.0, 4.0)).shape == seen.shape


def test_an_untrained_network_does_not_heed_what_it_is_told(seen: torch.Tensor) -> None:
    network = CondNet(4, 8, 2, experts=3, fused=True)
    network.whiten(with_context(seen, 5.0, 4.0))
    assert torch.equal(network(with_context(seen, 1.0, 4.0)), network(with_context(seen, 8.0, 4.0)))


def test_in_bf16_the_head_and_the_mixed_weights_are_computed_as_in_fp32(
    network: CondNet, seen: torch.Tensor
) -> None:
    exact = network(seen)
    with torch.autocast("cpu", torch.bfloat16):
        found = network(seen)
    change = (exact - seen).norm()
    assert change * 255 > 1, "the network changes nothing"
    # bf16 rounds features and weights to 8 bits, and moves few features to the next step
    assert (found - exact).norm() < 0.03 * change
