from dataclasses import replace

import numpy as np
import pytest
from talking_head import Film

from distill.evaluate.metrics import flicker, ms_ssim, ssim_rgb, static_pixels
from vcam.frame import Frame, Plane

SIZE = (192, 176)


def grey(value: int) -> Plane:
    return np.full((SIZE[1], SIZE[0]), value, np.uint8)


def offset(frame: Frame, steps: int) -> Frame:
    return replace(frame, y=frame.y + np.uint8(steps))


def test_equal_pictures_are_perfect(film: Film) -> None:
    frame = film(1, SIZE)[0]
    assert ssim_rgb(frame, frame) == pytest.approx(1, abs=1e-6)  # float32 windows
    assert ms_ssim(frame.y, frame.y) == pytest.approx(1, abs=1e-6)


def test_ms_ssim_forgives_noise_more_than_ssim_does(film: Film) -> None:
    luma = film(1, SIZE)[0].y
    noisy = np.clip(luma + np.random.default_rng(0).normal(0, 8, luma.shape), 0, 255).astype(np.uint8)
    found = ms_ssim(noisy, luma)
    assert found is not None
    assert 0.5 < found < 1


def test_ms_ssim_of_a_small_picture_is_none() -> None:
    assert ms_ssim(np.zeros((160, 320), np.uint8), np.zeros((160, 320), np.uint8)) is None


def test_ms_ssim_of_a_negative_picture_is_nothing() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (176, 192), dtype=np.uint8)
    assert ms_ssim(plane, 255 - plane) == 0


def test_ssim_rgb_sees_what_luma_does_not(film: Film) -> None:
    frame = film(1, SIZE)[0]
    tinted = replace(frame, u=np.roll(frame.u, 40, 1))
    assert ssim_rgb(frame, tinted) < 0.999


def test_a_moving_pixel_is_not_static() -> None:
    first, second = grey(100), grey(100)
    second[40:80, 40:80] = 110
    static = static_pixels(first, second)
    assert not static[50:70, 50:70].any()
    assert static[:30].all()


def test_a_pixel_of_noise_is_still_static() -> None:
    first, second = grey(100), grey(100)
    second[50, 50] = 105  # spread over its neighbours, under 1
    assert static_pixels(first, second).all()


def test_a_picture_that_changes_by_two_flickers_by_root_two(film: Film) -> None:
    truth = film(1, SIZE)[0]
    found = flicker([(truth, offset(truth, 2))], [(truth, truth)])
    assert found == pytest.approx(np.sqrt(2))  # sample standard deviation of 0 and 2


def test_a_constant_error_does_not_flicker(film: Film) -> None:
    truth = film(1, SIZE)[0]
    assert flicker([(offset(truth, 5), offset(truth, 5))], [(truth, truth)]) == 0


def test_flicker_counts_only_where_the_truth_stands_still(film: Film) -> None:
    still = replace(film(1, SIZE)[0], y=grey(100))
    moved = grey(100)
    moved[:, 96:] = 140
    out = grey(100)
    out[:, 110:] = 160  # wrong, but in the half that moves
    found = flicker([(still, replace(still, y=out))], [(still, replace(still, y=moved))])
    assert found == pytest.approx(0)


def test_flicker_of_what_never_stands_still_is_none(film: Film) -> None:
    still = film(1, SIZE)[0]
    assert flicker([(still, still)], [(still, offset(still, 9))]) is None
