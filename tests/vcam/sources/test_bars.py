from dataclasses import replace
from itertools import islice, product

import numpy as np
import pytest

from vcam.frame import Size, resize
from vcam.sources.bars import BARS, draw_bars, measure_bars
from vcam.sources.pattern import PatternSource

SIZES: list[Size] = [(1280, 720), (640, 360), (480, 640), (96, 64), (16, 16)]


def test_the_bars_are_those_of_75_percent_in_limited_bt601() -> None:
    for (green, red, blue), found in zip(product((0.75, 0.0), repeat=3), BARS, strict=True):
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        u = 128 + 224 * (blue - luma) / (2 - 2 * 0.114)
        v = 128 + 224 * (red - luma) / (2 - 2 * 0.299)
        assert found == (round(16 + 219 * luma), round(u), round(v))


@pytest.mark.parametrize("size", SIZES)
def test_the_pattern_shows_its_bars_exactly(size: Size) -> None:
    with PatternSource(size, realtime=False) as source:
        assert [measure_bars(frame) for frame in islice(source, 3)] == [0, 0, 0]


@pytest.mark.parametrize("size", [(1280, 720), (854, 480), (320, 180)])
def test_the_bars_are_found_after_scaling(size: Size) -> None:
    assert measure_bars(resize(draw_bars((640, 360)), size)) == 0


@pytest.mark.parametrize("change", [3, -3])
@pytest.mark.parametrize("plane", ["y", "u", "v"])
@pytest.mark.parametrize("number", range(8))
def test_a_pixel_that_is_off_by_3_in_one_plane_is_found(plane: str, number: int, change: int) -> None:
    frame = draw_bars((640, 360))
    changed = getattr(frame, plane).copy()
    height, width = changed.shape
    spot = height // 2, (2 * number + 1) * width // 16
    changed[spot] = int(changed[spot]) + change
    assert measure_bars(replace(frame, **{plane: changed})) == 3


def test_a_colour_that_is_far_off_does_not_wrap_around() -> None:
    frame = draw_bars((640, 360))
    assert measure_bars(replace(frame, u=np.full_like(frame.u, 255))) == 211


def test_what_is_beside_an_edge_does_not_count() -> None:
    frame = draw_bars((640, 360))
    y = frame.y.copy()
    for edge in range(80, 640, 80):
        y[:, edge - 16 : edge + 16] = 255
    assert measure_bars(replace(frame, y=y)) == 0
