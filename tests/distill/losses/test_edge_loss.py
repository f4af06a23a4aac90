import pytest
import torch

from distill.losses.edge import edge


def ramp(slope_x: float, slope_y: float) -> torch.Tensor:
    """A picture (1, 1, 9, 12) that rises by these slopes per pixel."""
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    return (slope_x * columns + slope_y * rows)[None, None]


def test_a_ramp_costs_the_mean_of_its_two_slopes() -> None:
    flat = ramp(0, 0)
    # 1e-6: float32 of values up to 1
    assert edge(ramp(0.03, -0.05), flat, flat).item() == pytest.approx((0.03 + 0.05) / 2, abs=1e-6)


def test_a_dot_gives_the_sobel_kernels() -> None:
    flat, dot = torch.zeros(1, 1, 5, 5), torch.zeros(1, 1, 5, 5)
    dot[..., 2, 2] = 1
    # all of both kernels fits once into the 3x3 places: |1 2 1| twice, over 8, among 9 places
    assert edge(dot, flat, flat).item() == pytest.approx(8 / 8 / 9)


def test_a_shift_in_brightness_costs_nothing() -> None:
    picture = ramp(0.02, 0.01)
    assert edge(picture + 0.25, picture, picture).item() == pytest.approx(0, abs=1e-7)  # float32


def test_an_edge_the_wrong_way_round_costs_more_than_none() -> None:
    truth = ramp(0.05, 0)
    assert edge(-truth, truth, truth) > edge(ramp(0, 0), truth, truth)
