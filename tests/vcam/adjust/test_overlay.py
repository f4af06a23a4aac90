import numpy as np
import pytest

from vcam.adjust.overlay import Figures, describe, wipe, write
from vcam.frame import Frame, Size


def flat(level: int, size: Size = (640, 360)) -> Frame:
    width, height = size
    half = (height // 2, width // 2)
    return Frame(
        np.full((height, width), level, np.uint8),
        np.full(half, level // 2, np.uint8),
        np.full(half, 255 - level, np.uint8),
        index=7,
        captured_ns=9,
    )


def test_the_wipe_shows_before_to_the_left_of_the_line() -> None:
    shown = wipe(flat(60), flat(180), 0.25)
    assert set(np.unique(shown.y[:, :156])) == {60}
    assert set(np.unique(shown.y[:, 166:])) == {180}
    assert shown.y[0, 160] > 200
    assert (shown.u[0, 10], shown.u[0, -10]) == (30, 90)
    assert (shown.index, shown.captured_ns) == (7, 9)


@pytest.mark.parametrize("position", [0.0, 1.0])
@pytest.mark.parametrize("size", [(640, 360), (16, 16)])
def test_the_wipe_may_stand_at_the_edge(position: float, size: Size) -> None:
    shown = wipe(flat(60, size), flat(180, size), position)
    middle = shown.y[size[1] // 2, size[0] // 2]
    assert (shown.size, middle) == (size, 60 if position else 180)


def test_only_what_is_asked_for_and_known_is_told() -> None:
    everything = Figures(29.6, 312.4, 1.26)
    assert describe(everything, {"fps", "kbps", "gain"}) == ["30 fps", "312 kbps", "+1.3 dB"]
    assert describe(everything, {"wipe", "fps"}) == ["30 fps"]
    assert describe(Figures(30), {"fps", "kbps", "gain"}) == ["30 fps"]


def test_text_stands_at_the_lower_left_and_all_else_is_left() -> None:
    frame = flat(120)
    shown = write(frame, ["30 fps", "312 kbps"])
    rows, columns = np.nonzero(shown.y != frame.y)
    assert rows.min() > 270
    assert columns.max() < 220
    assert shown.y.max() > 200
    assert (frame.y == 120).all()


def test_no_text_is_the_same_frame() -> None:
    frame = flat(120)
    assert write(frame, []) is frame


@pytest.mark.parametrize("size", [(16, 16), (64, 1080), (1920, 1080)])
def test_text_fits_into_any_picture(size: Size) -> None:
    assert write(flat(120, size), ["30 fps", "a long line " * 30]).size == size
