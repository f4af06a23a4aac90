import pytest
import torch

from distill.losses.pixel import CLEAN_MSE, psnr_db, relative_mse
from vcam.metrics import psnr


def pictures(*errors: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Grey pictures (B, 1, 8, 8) that are off by these errors, and the true ones."""
    truth = torch.full((len(errors), 1, 8, 8), 0.5)
    return truth + torch.tensor(errors).view(-1, 1, 1, 1), truth


def test_doing_nothing_costs_one() -> None:
    seen, truth = pictures(0.1)
    # a hundredth less: CLEAN_MSE stands in the denominator as well
    assert relative_mse(seen, seen, truth).item() == pytest.approx(0.01 / (0.01 + CLEAN_MSE))


def test_the_truth_costs_nothing() -> None:
    seen, truth = pictures(0.1)
    assert relative_mse(truth, seen, truth).item() == 0


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
