import numpy as np
import pytest

from distill.evaluate.areas import BAND_PX, MEMORY, Areas, Motion, squared_error
from vcam.frame import Plane

HEIGHT, WIDTH, SIDE = 96, 240, 32
TOP = 32


def square_at(left: int) -> Plane:
    """A white square on a black wall."""
    picture = np.full((HEIGHT, WIDTH), 40, np.uint8)
    picture[TOP : TOP + SIDE, left : left + SIDE] = 200
    return picture


def follow(places: list[int]) -> list[Areas]:
    motion = Motion()
    return [motion(square_at(left)) for left in places]


def test_where_nothing_moves_all_is_still() -> None:
    for areas in follow([60, 60, 60]):
        assert not areas.moving.any()
        assert not areas.behind.any()
        assert areas.still.all()


def test_an_edge_that_moves_is_moving_and_the_far_wall_is_still() -> None:
    areas = follow([60, 64])[1]
    assert areas.moving[TOP + 10, 61]
    assert areas.moving[TOP + 10, 60 + SIDE + 1]
    assert not areas.moving[TOP + 10, 60 + SIDE // 2]  # inside it nothing changes
    assert areas.still[TOP + 10, 200]
    assert not areas.still[TOP + 10, 60 - BAND_PX]


def test_the_band_behind_is_on_the_side_that_was_uncovered() -> None:
    areas = follow([60 + 4 * step for step in range(6)])[-1]
    row, left = TOP + SIDE // 2, 80
    assert areas.behind[row, left - 14]  # what the square has left
    assert not areas.behind[row, left + SIDE + BAND_PX // 2]  # where it has not been yet
    assert not (areas.behind & areas.moving).any()
    assert not (areas.behind & areas.still).any()
    columns = np.flatnonzero(areas.behind.any(axis=0))
    assert columns.min() >= 72 - BAND_PX  # the edge, its blur, and 16 pixels behind it


def test_what_was_uncovered_long_ago_is_still_again() -> None:
    areas = follow([60, 68] + [68] * MEMORY + [68])[-1]
    assert areas.still.all()


def test_noise_of_the_source_does_not_move() -> None:
    rng = np.random.default_rng(0)
    motion = Motion()
    for _ in range(3):
        noisy = np.clip(square_at(60) + rng.normal(0, 1.5, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        areas = motion(noisy)
    assert areas.moving.mean() < 0.001


def test_the_squared_error_is_that_of_the_area() -> None:
    first, second = np.full((8, 8), 10, np.uint8), np.full((8, 8), 10, np.uint8)
    second[:4] = 13
    mask = np.zeros((8, 8), np.uint8)
    mask[3:5] = 1
    assert squared_error(first, second, mask) == (pytest.approx(8 * 9), 16)
