from dataclasses import replace

import numpy as np
import pytest
from talking_head import Film

from distill.evaluate.areas import Areas, Motion
from distill.evaluate.colour import colour_difference
from distill.evaluate.metrics import flicker
from distill.evaluate.tally import MOST_PSNR, Figures, Tally, mean_figures
from vcam.frame import Frame, Plane, Size
from vcam.metrics import ssim

SIZE: Size = (160, 96)


def brighter(plane: Plane, codes: int) -> Plane:
    return np.clip(plane.astype(int) + codes, 0, 255).astype(np.uint8)


def areas_of(height: int, width: int) -> Areas:
    """A third moves, a third is behind it, a third is still."""
    thirds = np.zeros((3, height, width), np.uint8)
    for part, mask in enumerate(thirds):
        mask[part * height // 3 : (part + 1) * height // 3] = 1
    return Areas(*thirds)


def psnr_of(codes: float) -> float:
    return 10 * float(np.log10(255**2 / codes**2))


def test_each_plane_and_each_area_has_its_own_psnr(film: Film) -> None:
    true = film(2, SIZE)
    luma = true[1].y.copy()
    for part, codes in enumerate((4, 2, 1)):
        rows = slice(part * 32, (part + 1) * 32)
        luma[rows] = brighter(luma[rows], codes)
    out = replace(true[1], y=luma, u=brighter(true[1].u, 3), v=brighter(true[1].v, 5))
    tally = Tally()
    tally.add((true[0], out), (true[0], true[1]), areas_of(96, 160))
    found = tally.figures()
    assert found.psnr_y == pytest.approx(psnr_of(np.sqrt((16 + 4 + 1) / 3)))
    assert (found.psnr_u, found.psnr_v) == (pytest.approx(psnr_of(3)), pytest.approx(psnr_of(5)))
    areas = (found.psnr_moving, found.psnr_behind, found.psnr_still)
    assert areas == tuple(pytest.approx(psnr_of(codes)) for codes in (4, 2, 1))
    assert found.ssim_y == ssim(out.y, true[1].y)
    assert found.ciede2000 == colour_difference(out, true[1])
    assert found.flicker == flicker([(true[0], out)], [(true[0], true[1])])


def test_areas_are_pooled_over_frames_and_frames_are_averaged(film: Film) -> None:
    first, second = film(2, SIZE)
    tally = Tally()
    for codes in (2, 4):
        out = replace(second, y=brighter(second.y, codes))
        tally.add((first, out), (first, second), areas_of(96, 160))
    found = tally.figures()
    assert found.psnr_y == pytest.approx((psnr_of(2) + psnr_of(4)) / 2)
    assert found.psnr_still == pytest.approx(psnr_of(np.sqrt((4 + 16) / 2)))
    assert found.psnr_worst == pytest.approx(psnr_of(4))


def test_an_equal_picture_counts_as_60_db_everywhere(film: Film) -> None:
    pair = tuple(film(2, SIZE))
    tally = Tally()
    tally.add(pair, pair, areas_of(96, 160))
    found = tally.figures()
    assert {found.psnr_y, found.psnr_u, found.psnr_v, found.psnr_moving, found.psnr_still} == {MOST_PSNR}
    assert (found.ssim_y, found.ciede2000, found.flicker) == (1, 0, 0)


def test_an_area_that_is_hardly_there_has_no_figure() -> None:
    grey = np.full((96, 160), 100, np.uint8)
    half = np.full((48, 80), 128, np.uint8)
    frame = Frame(grey, half, half)
    tally = Tally()
    tally.add((frame, frame), (frame, frame), Motion()(grey))
    assert tally.figures().psnr_moving is None
    assert tally.figures().psnr_behind is None
    assert tally.figures().psnr_still == MOST_PSNR


def test_a_mean_of_figures_is_over_those_that_are_known() -> None:
    first = Figures(30, 0.8, 40, 40, 2, 3, None, None, 31, 28)
    second = Figures(32, 0.9, 42, 44, 4, None, 29, None, 33, 30)
    assert mean_figures([first, second]) == Figures(31, pytest.approx(0.85), 41, 42, 3, 3, 29, None, 32, 28)
