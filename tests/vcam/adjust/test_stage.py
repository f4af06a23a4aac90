from dataclasses import replace

import numpy as np
import pytest

from vcam.adjust import Adjust, Figures, View, Wishes
from vcam.frame import Frame
from vcam.pipeline import Result

FRAME_NS = 33_333_333


def picture(level: int, index: int = 0, size: tuple[int, int] = (320, 192)) -> Frame:
    """Dark to the left, `level` to the right."""
    width, height = size
    luma = np.full((height, width), level, np.uint8)
    luma[:, : width // 2] = 30
    half = np.full((height // 2, width // 2), 128, np.uint8)
    return Frame(luma, half, half, index, index * FRAME_NS + 1, is_cut=index == 0)


def result(index: int = 0, truth: Frame | None = None) -> Result:
    return Result(picture(90, index), picture(100, index), truth)


def test_with_no_wishes_the_very_same_result_comes_back() -> None:
    adjust = Adjust()
    given = result()
    assert adjust(given) is given


def test_the_picture_before_is_shown_as_the_one_after() -> None:
    mirrored = Adjust(Wishes(View(mirror=True)))(result())
    assert mirrored.after.y[0, 0] == 100
    assert mirrored.before.y[0, 0] == 30  # as it came: it is placed by whoever shows it
    assert mirrored.place(mirrored.before).y[0, 0] == 90


def test_the_wipe_compares_pictures_that_are_placed_alike() -> None:
    wiped = Adjust(Wishes(View(mirror=True), overlay=frozenset({"wipe"}), wipe_at=0.25))(result())
    assert (wiped.after.y[0, 0], wiped.after.y[0, 120]) == (90, 100)


def test_the_wipe_scales_what_is_smaller() -> None:
    given = Result(picture(90, size=(160, 96)), picture(100))
    wiped = Adjust(Wishes(overlay=frozenset({"wipe"}), wipe_at=0.75))(given)
    assert (wiped.after.size, int(wiped.after.y[0, 200])) == ((320, 192), 90)


def test_light_is_given_to_the_picture_after_alone() -> None:
    adjust = Adjust(Wishes(light=1))
    lit = [adjust(result(index)) for index in range(3)][-1]
    assert lit.after.y[0, 0] > 30
    assert lit.before.y[0, 0] == 30


def test_wishes_may_change_between_two_frames() -> None:
    adjust = Adjust(Wishes(View(mirror=True)))
    adjust(result(0))
    adjust.wishes = Wishes()
    given = result(1)
    assert adjust(given) is given


def test_the_overlay_tells_the_gain_over_the_truth() -> None:
    adjust = Adjust(Wishes(overlay=frozenset({"gain"})), figures=lambda: Figures(30.0))
    given = result(truth=picture(102))
    shown = adjust(given)
    assert adjust.gain_db == pytest.approx(20 * np.log10(12 / 2), abs=0.01)  # off by 12 before and by 2 after
    assert not np.array_equal(shown.after.y, given.after.y)


def test_without_a_link_there_is_no_gain_to_tell() -> None:
    adjust = Adjust()
    adjust(result(truth=picture(102)))
    adjust(result(1))
    assert adjust.gain_db is None


def test_bands_are_looked_for_in_what_came_from_the_source() -> None:
    adjust, rng = Adjust(), np.random.default_rng(0)
    scene = rng.integers(60, 200, (192, 320)).astype(np.float32)
    half = np.full((96, 160), 128, np.uint8)
    for index in range(400):
        lamp = 1 + 0.03 * np.sin(2 * np.pi * (100 * index / 30 + np.arange(192)[:, None] / 60))
        seen = Frame((scene * lamp).astype(np.uint8), half, half, index, index * FRAME_NS + 1, index == 0)
        adjust(Result(seen, replace(picture(100, index), captured_ns=seen.captured_ns)))
    assert adjust.mains_hz == 50
