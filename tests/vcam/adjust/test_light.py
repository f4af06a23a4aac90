from dataclasses import replace

import numpy as np
import pytest

from vcam.adjust.light import (
    BLACK_Y,
    MOST_LIFT,
    MOST_NOISE,
    STEADY,
    STEP,
    WHITE_Y,
    Light,
    chroma_table,
    curve,
    dark_noise,
    middle_of,
    wanted_lift,
)
from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame, Plane

FRAME_NS = 33_333_333
LIFTS = np.linspace(0, MOST_LIFT, 25)


def picture(luma: Plane, index: int = 0, u: int = 128, v: int = 128) -> Frame:
    half = luma.shape[0] // 2, luma.shape[1] // 2
    planes = (np.full(half, code, np.uint8) for code in (u, v))
    return Frame(luma, *planes, index, index * FRAME_NS, is_cut=index == 0)


def flat(level: int, index: int = 0) -> Frame:
    return picture(np.full((180, 320), level, np.uint8), index)


def backlit() -> Plane:
    """A dark face and body before a bright window."""
    luma = np.full((180, 320), 210, np.uint8)
    luma[40:, 110:210] = 55
    return luma


@pytest.mark.parametrize("lift", LIFTS)
def test_the_curve_rises_everywhere_and_keeps_black_and_white(lift: float) -> None:
    table = curve(lift).astype(int)
    assert (np.diff(table) >= 0).all()
    assert (table[:BLACK_Y] == np.arange(BLACK_Y)).all()
    assert table[BLACK_Y] == BLACK_Y
    assert (table[WHITE_Y:] == np.arange(WHITE_Y, 256)).all()
    assert len(set(table[BLACK_Y : WHITE_Y + 1])) > 160  # of 220: nothing is pressed into one code


@pytest.mark.parametrize("lift", LIFTS)
def test_highlights_keep_their_place(lift: float) -> None:
    moved = curve(lift).astype(int) - np.arange(256)
    assert moved[213:].max() <= 3  # the brightest tenth, in codes


def test_the_curve_raises_noise_by_no_more_than_its_bound() -> None:
    steps = np.diff(curve(MOST_LIFT).astype(int)[BLACK_Y : WHITE_Y + 1])
    assert steps.max() <= 1 + MOST_LIFT + 0.5  # half a code: rounding
    ten = curve(MOST_LIFT).astype(int)[BLACK_Y + 10] - BLACK_Y
    assert ten <= 10 * (1 + MOST_LIFT)


def test_from_one_step_to_the_next_no_code_moves_by_more_than_one() -> None:
    tables = [curve(step * STEP).astype(int) for step in range(round(MOST_LIFT / STEP) + 1)]
    assert max(np.abs(np.diff(tables, axis=0)).ravel()) == 1


@pytest.mark.parametrize("colour", [(100, 120), (115, 150), (128, 128), (140, 110)])
def test_colours_do_not_fade(colour: tuple[int, int]) -> None:
    """Hue and saturation of the RGB picture stay, to the rounding of codes."""
    u, v = colour
    lift = 1.0
    before = to_bgr(picture(np.full((16, 16), 70, np.uint8), u=u, v=v))[0, 0].astype(float)
    table = chroma_table(lift).reshape(256, 256)
    luma = int(curve(lift)[70])
    lit = picture(np.full((16, 16), luma, np.uint8), u=int(table[70, u]), v=int(table[70, v]))
    after = to_bgr(lit)[0, 0].astype(float)
    assert after.max() > before.max() * 1.3
    # ratios between channels; a code of chroma is up to 2 of blue, of about 60
    assert after / after.max() == pytest.approx(before / before.max(), abs=0.05)


def test_a_strong_blue_is_not_clipped() -> None:
    table = chroma_table(MOST_LIFT).reshape(256, 256)
    luma, u = 41, 240  # pure blue
    blue = (int(curve(MOST_LIFT)[luma]) - 16) * 255 / 219 + 1.772 * (int(table[luma, u]) - 128) * 255 / 224
    assert table[luma, u] >= u
    assert blue <= 255 * 1.14  # no more than it is above white already at luma's share


def test_no_lift_leaves_chroma_alone() -> None:
    table = chroma_table(0).reshape(256, 256)
    assert (table == np.arange(256)).all()


@pytest.mark.parametrize(
    ("luma", "least", "most"),
    [
        (np.full((180, 320), 50, np.uint8), 1.0, MOST_LIFT),
        (backlit(), 0.3, MOST_LIFT),
        (np.full((180, 320), 120, np.uint8), 0, 0),
        (np.full((180, 320), 235, np.uint8), 0, 0),
        (np.full((180, 320), 16, np.uint8), MOST_LIFT, MOST_LIFT),
        (np.full((180, 320), 255, np.uint8), 0, 0),
        (np.zeros((180, 320), np.uint8), MOST_LIFT, MOST_LIFT),
    ],
)
def test_what_is_dark_is_lifted_and_what_is_not_is_left(luma: Plane, least: float, most: float) -> None:
    assert least <= wanted_lift(middle_of(luma)) <= most


def test_a_lit_face_above_dark_clothes_is_not_made_pale() -> None:
    luma = np.full((180, 320), 40, np.uint8)
    luma[:90] = 140
    lit = int(curve(wanted_lift(middle_of(luma)))[140])
    assert lit <= 160


def test_off_is_the_same_frame() -> None:
    frame = flat(50)
    assert Light()(frame) is frame


def test_a_well_lit_picture_passes_as_it_is() -> None:
    light, frame = Light(), flat(120)
    light.strength = 1
    assert light(frame) is frame


def lit_at_once(level: int, strength: float = 1.0) -> Light:
    """A light that has seen two frames of this level, and so is where it wants to be."""
    light = Light()
    light.strength = strength
    for index in (0, 1):
        light(flat(level, index))
    return light


def test_the_second_picture_is_lifted_at_once() -> None:
    assert lit_at_once(50)(flat(50, 2)).y.mean() > 80


def test_half_the_strength_lifts_half() -> None:
    lifted = [lit_at_once(50, strength)(flat(50, 2)).y.mean() - 50 for strength in (0.5, 1.0)]
    assert lifted[0] == pytest.approx(lifted[1] / 2, abs=1)


def test_a_change_of_light_is_followed_within_seconds_and_never_jumps() -> None:
    light = lit_at_once(120)
    means = [float(light(flat(50, index)).y.mean()) for index in range(2, 300)]
    assert np.abs(np.diff(means)).max() <= 1.0
    assert means[15] < 60  # half a second later it has hardly begun
    assert means[-1] == pytest.approx(light(replace(flat(50, 300), is_cut=True)).y.mean(), abs=1)


def test_small_changes_of_the_picture_are_not_followed() -> None:
    light = Light()
    light.strength = 1
    rng = np.random.default_rng(0)
    scene = rng.integers(30, 90, (180, 320)).astype(np.uint8)
    light(picture(scene, 0))
    still = [light(picture(scene, 1)).y[:40]]
    for index in range(2, 200):
        moved = scene.copy()
        moved[100:140, 100 + index % 40 : 160 + index % 40] = 60 + index % 20  # somebody moves
        still.append(light(picture(moved, index)).y[:40])
    assert all(np.array_equal(area, still[0]) for area in still)


def noisy(sigma: float, index: int, rng: np.random.Generator) -> Frame:
    noise = rng.normal(0, sigma, (180, 320))
    return picture(np.clip(np.rint(50 + noise), 0, 255).astype(np.uint8), index)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0, 6.0])
def test_the_noise_of_what_is_dark_is_measured(sigma: float) -> None:
    rng = np.random.default_rng(1)
    one, other = (middle_of(noisy(sigma, index, rng).y) for index in (0, 1))
    assert dark_noise(one, other) == pytest.approx(sigma, rel=0.15)  # codes are whole numbers


@pytest.mark.parametrize("sigma", [0.0, 1.5, 4.0, 7.0])
def test_noise_stays_under_its_bound(sigma: float) -> None:
    light, rng = Light(), np.random.default_rng(2)
    light.strength = 1
    lit = [light(noisy(sigma, index, rng)).y for index in range(300)]
    found = np.std(np.stack(lit[-60:])[:, ::8, ::8].astype(float), axis=0).mean()
    # STEADY: what is not followed; a twentieth: how well noise is measured
    assert found <= max(MOST_NOISE, sigma * (1 + STEADY)) * 1.05


def test_a_little_noise_does_not_keep_the_light_down() -> None:
    light, rng = Light(), np.random.default_rng(3)
    light.strength = 1
    assert min([light(noisy(1.5, index, rng)).y.mean() for index in range(90)][1:]) > 80
