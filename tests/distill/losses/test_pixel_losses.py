import pytest
import torch
from torch import Tensor

from distill.losses.pixel import (
    CAREFUL_MSE,
    CHARBONNIER_EPS,
    CLEAN_MSE,
    CRISP_BLUR_PX,
    CRISP_GAIN,
    CRISP_SHARE,
    CRISP_SPENT,
    PIXEL_LOSSES,
    PixelLoss,
    charbonnier,
    crisp_mse,
    gaussian_blur,
    l1,
    mse,
    psnr_db,
    relative_mse,
)
from vcam.metrics import psnr

against_the_truth = {name: loss for name, loss in PIXEL_LOSSES.items() if name != "crisp_mse"}
every_loss = pytest.mark.parametrize("loss", PIXEL_LOSSES.values(), ids=PIXEL_LOSSES.keys())


def pictures(*errors: float) -> tuple[Tensor, Tensor]:
    """Grey pictures (B, 1, 8, 8) that are off by these errors, and the true ones."""
    truth = torch.full((len(errors), 1, 8, 8), 0.5)
    return truth + torch.tensor(errors).view(-1, 1, 1, 1), truth


def noise(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("loss", against_the_truth.values(), ids=against_the_truth.keys())
@pytest.mark.parametrize("planes", [1, 3])
def test_the_truth_costs_nothing_and_asks_for_no_change(loss: PixelLoss, planes: int) -> None:
    truth = noise(0, 2, planes, 40, 40).float()
    restored = truth.clone().requires_grad_()
    cost = loss(restored, noise(1, 2, planes, 40, 40).float(), truth)
    cost.backward()
    assert cost.shape == ()
    assert cost.item() == pytest.approx(0, abs=1e-6)  # float32 sums of a few hundred terms
    assert restored.grad is not None
    # SSIM is the quotient of two equal sums, whose gradients cancel but for their rounding
    assert restored.grad.abs().max() < 1e-6


@every_loss
def test_a_flat_picture_has_a_finite_gradient(loss: PixelLoss) -> None:
    restored = torch.zeros(1, 1, 40, 40, requires_grad=True)
    loss(restored, torch.ones(1, 1, 40, 40), torch.ones(1, 1, 40, 40)).backward()
    assert restored.grad is not None
    assert restored.grad.isfinite().all()


# the target of crisp_mse follows the picture, and no gradient goes through that
@pytest.mark.parametrize("loss", against_the_truth.values(), ids=against_the_truth)
def test_the_gradient_is_that_of_the_value(loss: PixelLoss) -> None:
    restored, seen, truth = (noise(seed, 1, 2, 34, 35) for seed in range(3))
    assert torch.autograd.gradcheck(
        lambda picture: loss(picture, seen, truth), restored.requires_grad_(), fast_mode=True
    )


@every_loss
def test_the_worse_picture_costs_more(loss: PixelLoss) -> None:
    truth, grain = noise(0, 1, 1, 40, 40), noise(1, 1, 1, 40, 40)
    near, far = truth + 0.05 * grain, truth + 0.1 * grain
    assert 0 < loss(near, far, truth) < loss(far, far, truth)


def test_an_error_of_a_tenth_costs_its_square_or_itself() -> None:
    restored, truth = pictures(0.1, -0.3)
    assert mse(restored, truth, truth).item() == pytest.approx((0.01 + 0.09) / 2)
    assert l1(restored, truth, truth).item() == pytest.approx((0.1 + 0.3) / 2)


def test_charbonnier_is_a_parabola_near_zero_and_l1_far_from_it() -> None:
    eps = CHARBONNIER_EPS
    near, truth = pictures(0.1 * eps)
    far, _ = pictures(100 * eps)
    # rel: the next terms of the two series, (d / 2 eps)**2 and eps / d; and float32 of 0.5 + 1e-4
    assert charbonnier(near.double(), truth, truth.double()).item() == pytest.approx(0.005 * eps, rel=0.004)
    assert charbonnier(far, truth, truth).item() == pytest.approx(99 * eps, rel=0.01)


def test_doing_nothing_costs_one() -> None:
    seen, truth = pictures(0.1)
    # a hundredth less: CLEAN_MSE stands in the denominator as well
    assert relative_mse(seen, seen, truth).item() == pytest.approx(0.01 / (0.01 + CLEAN_MSE))


def test_half_of_the_error_costs_a_quarter() -> None:
    seen, truth = pictures(0.2)
    restored, _ = pictures(0.1)
    assert relative_mse(restored, seen, truth).item() == pytest.approx(0.25, rel=0.01)  # CLEAN_MSE


def test_each_picture_counts_alike_however_badly_it_was_damaged() -> None:
    seen, truth = pictures(0.05, 0.4)
    only_first, only_second = truth.clone(), truth.clone()
    only_first[1] = seen[1]
    only_second[0] = seen[0]
    first, second = relative_mse(only_first, seen, truth), relative_mse(only_second, seen, truth)
    assert first.item() == pytest.approx(second.item(), rel=0.06)  # CLEAN_MSE is 6% of the smaller damage


def test_a_clean_picture_is_held_to_stay_as_it_is() -> None:
    seen, truth = pictures(0.0)
    restored, _ = pictures(0.03)
    assert relative_mse(restored, seen, truth).item() > 1


def test_psnr_is_that_of_the_metrics() -> None:
    generator = torch.Generator().manual_seed(0)
    seen, truth = torch.randint(0, 256, (2, 1, 1, 16, 16), dtype=torch.uint8, generator=generator)
    found = psnr_db(seen.float() / 255, truth.float() / 255).item()
    assert found == pytest.approx(psnr(seen[0, 0].numpy(), truth[0, 0].numpy()), abs=1e-4)  # float32


def test_psnr_of_equal_pictures_is_80_db_and_not_infinite() -> None:
    _, truth = pictures(0.0, 0.0)
    assert psnr_db(truth, truth).tolist() == pytest.approx([80, 80])


def added_by_crisp(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Target less truth: what the gradient says that `crisp_mse` wants of a picture."""
    restored = restored.clone().requires_grad_()
    crisp_mse(restored, seen, truth).backward()
    assert restored.grad is not None
    before = ((seen - truth) ** 2).mean()
    # half of the gradient of the mean of (restored - target)**2
    return (restored - restored.grad * (before + CAREFUL_MSE) * truth.numel() / 2 - truth).detach()


@pytest.mark.parametrize(
    ("error", "before", "expected"),
    [
        (0.01, 0.0102, CRISP_SPENT * (0.0102**2 - 0.01**2)),  # a small gain: what is left of it
        (0.01, 0.03, CRISP_SHARE * 0.01**2),  # a large one: a share of what remains
        (0.01, 0.01, 0),
        (0.01, 0.009, 0),
    ],
)
def test_a_crisp_picture_spends_a_share_of_its_gain_on_detail(
    error: float, before: float, expected: float
) -> None:
    truth = noise(0, 1, 1, 64, 64)
    detail = truth - gaussian_blur(truth, CRISP_BLUR_PX)
    added = added_by_crisp(truth + error, truth + before, truth)  # as detailed as the truth, but too bright
    assert added.square().mean().item() == pytest.approx(expected, rel=0.01, abs=1e-9)
    if expected:
        assert (added / detail).std() < 1e-2 * (added / detail).mean()


def test_a_picture_of_hardly_any_detail_gets_no_more_than_the_limit() -> None:
    flat = 0.5 + 1e-3 * noise(0, 1, 1, 40, 40)
    added = added_by_crisp(flat + 0.1, flat + 0.3, flat)
    detail = flat - gaussian_blur(flat, CRISP_BLUR_PX)
    # float32, beside an error a hundred times as large
    torch.testing.assert_close(added, CRISP_GAIN * detail, atol=2e-6, rtol=0)


def test_blur_keeps_the_mean_and_spreads_a_point_as_a_gaussian() -> None:
    point = torch.zeros(1, 2, 41, 41, dtype=torch.float64)
    point[0, 1, 20, 20] = 1
    blurred = gaussian_blur(point, 2.0)
    assert blurred[0, 0].abs().max() == 0
    assert blurred.sum().item() == pytest.approx(1)
    offsets = torch.arange(41, dtype=torch.float64) - 20
    variance = (blurred[0, 1].sum(0) * offsets**2).sum().item()
    # 3%: the tails beyond three standard deviations are cut
    assert variance == pytest.approx(4, rel=0.03)
