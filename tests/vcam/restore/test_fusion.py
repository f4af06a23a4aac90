"""What fusion over time does to scenes whose truth is known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from talking_head import talking_head

from vcam.frame import Frame
from vcam.metrics import psnr
from vcam.restore.cells import ZERO_RESIDUAL
from vcam.restore.fusion import AGE_UNIT, CELL, CONTEXT, FULL_DEPTH, LUMA, NOISE_UNIT, Fused, Fusion

SIZE = (320, 192)
SIGMA = 6.0


def scene() -> Frame:
    return talking_head(1, SIZE)[0]


def with_noise(frame: Frame, sigma: float, rng: np.random.Generator, colour: float | None = None) -> Frame:
    """Independent normal noise on all planes, half of it on chroma unless said."""
    colour = sigma / 2 if colour is None else colour

    def add(plane: np.ndarray, deviation: float) -> np.ndarray:
        return np.clip(np.rint(plane + rng.normal(0, deviation, plane.shape)), 0, 255).astype(np.uint8)

    return replace(frame, y=add(frame.y, sigma), u=add(frame.u, colour), v=add(frame.v, colour))


def film(truths: list[Frame], sigma: float = SIGMA, depth: float = FULL_DEPTH) -> list[Fused]:
    rng, fusion = np.random.default_rng(0), Fusion(depth)
    return [fusion(with_noise(truth, sigma, rng)) for truth in truths]


def ages(fused: Fused) -> np.ndarray:
    return 1 + (fused.cells[0, :, :, LUMA].astype(int) - ZERO_RESIDUAL) / AGE_UNIT


def test_a_still_scene_loses_its_noise() -> None:
    truth = scene()
    first, *_, last = film([truth] * 40)
    gain = psnr(last.frame.y, truth.y) - psnr(first.frame.y, truth.y)
    # the mean of 8 frames would gain 9 dB, of 16 12 dB; some cells are started again by chance
    assert gain > 8
    assert psnr(last.frame.u, truth.u) - psnr(first.frame.u, truth.u) > 6
    assert psnr(last.frame.v, truth.v) - psnr(first.frame.v, truth.v) > 6


def test_the_network_is_shown_what_is_handed_on() -> None:
    fused = film([scene()] * 12)[-1]
    rows, columns = SIZE[1] // CELL, SIZE[0] // CELL
    assert fused.cells.shape == (1, rows, columns, LUMA + CONTEXT)
    luma = fused.cells[0, :, :, :LUMA].reshape(rows, columns, CELL, CELL).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(luma.reshape(SIZE[1], SIZE[0]), fused.frame.y)


def test_the_network_is_told_the_noise_and_the_frames() -> None:
    fused = film([scene()] * 30)[-1]
    assert np.median(ages(fused)) > 5
    noise = (fused.cells[0, :, :, LUMA + 1].astype(float) - ZERO_RESIDUAL) / NOISE_UNIT
    assert np.median(noise) == pytest.approx(SIGMA, rel=0.25)


def test_what_moves_is_handed_on_as_it_came() -> None:
    """A bright square moves through a still scene: no trail behind it, and nothing of it is averaged."""
    background = scene()
    truths = []
    for number in range(30):
        y = background.y.copy()
        left = 20 + 8 * number
        y[60:110, left : left + 40] = 220
        truths.append(replace(background, y=y))
    fused, truth = film(truths)[-1], truths[-1]
    left = 20 + 8 * 29
    object_and_trail = np.s_[60:110, left - 32 : left + 40]
    error = np.abs(fused.frame.y[object_and_trail].astype(int) - truth.y[object_and_trail])
    # a single frame's noise is 6 on average 4.8; a ghost of the square would be off by 50 and more
    assert error.mean() < SIGMA
    assert np.percentile(error, 99) < 4 * SIGMA


def test_a_clean_scene_comes_out_bit_for_bit() -> None:
    truths = talking_head(12, SIZE)
    for fused, truth in zip(film(truths, sigma=0), truths, strict=True):
        for found, true in zip(
            (fused.frame.y, fused.frame.u, fused.frame.v), (truth.y, truth.u, truth.v), strict=True
        ):
            np.testing.assert_array_equal(found, true)
        assert (fused.cells[..., LUMA:] == ZERO_RESIDUAL).all()


def test_a_cut_starts_again() -> None:
    one, other = talking_head(1, SIZE)[0], replace(scene(), y=255 - scene().y)
    rng, fusion = np.random.default_rng(0), Fusion()
    for _ in range(20):
        fusion(with_noise(one, SIGMA, rng))
    cut = replace(with_noise(other, SIGMA, rng), is_cut=True)
    fused = fusion(cut)
    np.testing.assert_array_equal(fused.frame.y, cut.y)
    assert (ages(fused) == 1).all()


def test_another_size_starts_again() -> None:
    fusion = Fusion()
    fusion(scene())
    smaller = talking_head(1, (160, 96))[0]
    np.testing.assert_array_equal(fusion(smaller).frame.y, smaller.y)


@pytest.mark.parametrize("size", [(322, 194), (326, 190), (16, 16)])
def test_sides_that_are_no_multiple_of_a_cell_are_kept(size: tuple[int, int]) -> None:
    truths = talking_head(8, size)
    fused = film(truths)[-1]
    assert fused.frame.size == size
    assert fused.frame.u.shape == (size[1] // 2, size[0] // 2)


def test_depth_one_leaves_every_frame_as_it_is() -> None:
    rng, fusion = np.random.default_rng(0), Fusion(depth=1)
    for _ in range(8):
        frame = with_noise(scene(), SIGMA, rng)
        np.testing.assert_array_equal(fusion(frame).frame.y, frame.y)


def test_a_change_of_exposure_is_followed_at_once() -> None:
    dark = scene()
    bright = replace(dark, y=np.clip(dark.y.astype(int) + 5, 16, 235).astype(np.uint8))
    fused = film([dark] * 20 + [bright] * 2)
    assert float(fused[-1].frame.y.mean()) == pytest.approx(float(bright.y.mean()), abs=0.5)
    assert np.median(ages(fused[-1])) > 4, "the exposure was taken for motion"


def test_still_cells_often_stay_as_they_are_bit_for_bit() -> None:
    """A network and an encoder can skip them; without fusion none ever stays."""
    fused = film([scene()] * 100)
    changed = [(now.cells != before.cells).any(-1).mean() for before, now in pairwise(fused[80:])]
    assert np.mean(changed) < 0.6


def test_a_slow_change_is_not_held_back() -> None:
    """A light that goes up by a code value in 20 frames, in a part of the picture."""
    dark = scene()
    truths = []
    for number in range(160):
        y = dark.y.astype(int)
        y[40:120, 40:160] += max(0, number - 60) // 20
        truths.append(replace(dark, y=np.clip(y, 0, 255).astype(np.uint8)))
    fused, truth = film(truths)[-1], truths[-1]
    part = np.s_[48:112, 48:152]
    assert float(fused.frame.y[part].mean()) == pytest.approx(float(truth.y[part].mean()), abs=0.8)


def test_colours_that_become_noisy_are_not_mixed_with_those_of_long_ago() -> None:
    """Colours without noise pass; they change; then there is noise in them."""
    truth = scene()
    other = replace(truth, u=np.full_like(truth.u, 90), v=np.full_like(truth.v, 170))
    rng, fusion = np.random.default_rng(0), Fusion()

    def show(frame: Frame, has_colour_noise: bool) -> Frame:
        noisy = with_noise(frame, SIGMA, rng)
        return fusion(noisy if has_colour_noise else replace(noisy, u=frame.u, v=frame.v)).frame

    for _ in range(20):
        quiet = show(truth, False)
    np.testing.assert_array_equal(quiet.u, truth.u)
    for _ in range(4):
        show(other, False)
    for number in range(30):
        shown = show(other, True)
        assert abs(float(shown.u.mean()) - 90) < 1, number
        assert abs(float(shown.v.mean()) - 170) < 1, number


def errors(fused: Fused, came: Frame, truth: Frame) -> list[tuple[float, float]]:
    """Of y, u and v: the error that is handed on, and that which came, as standard deviations."""

    def error(frame: Frame, name: str) -> float:
        return float(np.sqrt(np.mean(np.square(getattr(frame, name).astype(float) - getattr(truth, name)))))

    return [(error(fused.frame, name), error(came, name)) for name in ("y", "u", "v")]


def run(
    truths: list[Frame], sigma: float = SIGMA, colour: float = SIGMA / 2
) -> list[list[tuple[float, float]]]:
    rng, fusion = np.random.default_rng(0), Fusion()
    found = []
    for truth in truths:
        came = with_noise(truth, sigma, rng, colour)
        found.append(errors(fusion(came), came, truth))
    return found


def test_a_white_balance_that_drifts_is_followed() -> None:
    """Luma stands still all the while."""
    grey = scene()
    drift = [min(10.0, 0.1 * max(0, number - 40)) for number in range(200)]
    found = run([replace(grey, u=(grey.u + round(by)).astype(np.uint8)) for by in drift])
    assert all(shown < came for frame in found[20:] for shown, came in frame)
    assert all(shown < 0.7 * came for shown, came in found[-1])


@pytest.mark.parametrize("before", [0, 60])
def test_colour_noise_is_removed_whenever_it_begins(before: int) -> None:
    rng, fusion, truth = np.random.default_rng(0), Fusion(), scene()
    for _ in range(before):
        fusion(with_noise(truth, SIGMA, rng, 0.0))
    for _ in range(40):
        came = with_noise(truth, SIGMA, rng, 4.0)
        fused = fusion(came)
    assert all(shown < 0.5 * raw for shown, raw in errors(fused, came, truth)[1:])


def stripes(phase: int, contrast: int) -> Frame:
    row = 120 + contrast * (((np.arange(SIZE[0]) + phase) // 2) % 2)
    return replace(scene(), y=np.tile(row.astype(np.uint8), (SIZE[1], 1)))


@pytest.mark.parametrize(("before", "after"), [((0, 20), (2, 20)), ((0, 4), (0, 20))])
def test_detail_that_changes_within_cells_is_shown_soon(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    """No cell's mean changes: stripes that shift by half of their period, and some that become sharper."""
    change = after[1] / 2 - before[1] / 2
    settled, changed = stripes(*before), stripes(*after)
    settled = replace(settled, y=(settled.y + change).astype(np.uint8))
    found = run([settled] * 40 + [changed] * 45, sigma=3.0)
    assert found[-1][0][0] < 0.6 * found[-1][0][1]


def test_noise_about_the_least_does_not_come_and_go() -> None:
    """Once fused, a picture stays so while its noise is near the limit."""
    truth, rng, fusion = scene(), np.random.default_rng(0), Fusion()
    sigmas = [1.4] * 20 + [0.7] * 20
    told = [fusion(with_noise(truth, sigma, rng)) for sigma in sigmas]
    assert all(np.median(ages(fused)) > 2 for fused in told[16:])


def test_the_frame_that_came_is_not_written_to() -> None:
    rng, fusion = np.random.default_rng(0), Fusion()
    frames = [with_noise(scene(), SIGMA, rng) for _ in range(6)]
    copies = [frame.y.copy() for frame in frames]
    results = [fusion(frame) for frame in frames]
    before = results[2].frame.y.copy()
    fusion(frames[0])
    for frame, copy in zip(frames, copies, strict=True):
        np.testing.assert_array_equal(frame.y, copy)
    np.testing.assert_array_equal(results[2].frame.y, before)
