from dataclasses import replace

import numpy as np
import pytest

from vcam.adjust.view import STRAIGHT, TURNS, Glide, View, arrange, find_cut
from vcam.frame import BLACK_Y, Frame, Size

FRAME_NS = 33_333_333


def quarters(size: Size = (64, 36)) -> Frame:
    """A picture whose four quarters differ in luma and chroma: 60, 100 above 140, 180."""
    width, height = size
    tile = np.kron(np.array([[0, 1], [2, 3]]), np.ones((height // 2, width // 2), int))
    small = tile[::2, ::2]
    return Frame(*(plane.astype(np.uint8) for plane in (60 + 40 * tile, 90 + 20 * small, 200 - 20 * small)))


def corners(frame: Frame) -> list[list[int]]:
    """The luma near the four corners, clockwise from the top left."""
    x, y = frame.width // 4, frame.height // 4
    return [int(frame.y[row, column]) for row, column in ((y, x), (y, -x), (-y, -x), (-y, x))]


def test_nothing_wanted_is_the_same_frame() -> None:
    frame = quarters()
    assert arrange(frame, STRAIGHT) is frame


def test_a_pan_without_a_zoom_changes_nothing() -> None:
    frame = quarters()
    assert arrange(frame, View(pan_x=1, pan_y=-1)) is frame


@pytest.mark.parametrize(
    ("view", "clockwise"),
    [
        (View(mirror=True), [100, 60, 140, 180]),
        (View(flip=True), [140, 180, 100, 60]),
        (View(turn=180), [180, 140, 60, 100]),
        (View(mirror=True, turn=180), [140, 180, 100, 60]),
    ],
)
def test_the_quarters_come_where_they_belong(view: View, clockwise: list[int]) -> None:
    assert corners(arrange(quarters(), view)) == clockwise


@pytest.mark.parametrize(("turn", "clockwise"), [(90, [140, 60, 100, 180]), (270, [100, 180, 140, 60])])
def test_a_quarter_turn_of_a_square_is_clockwise(turn: int, clockwise: list[int]) -> None:
    assert corners(arrange(quarters((64, 64)), View(turn=turn))) == clockwise


@pytest.mark.parametrize("view", [View(mirror=True), View(flip=True), View(turn=90), View(turn=180, zoom=2)])
@pytest.mark.parametrize("size", [(128, 72), (72, 128), (96, 96)])
def test_chroma_follows_luma(view: View, size: Size) -> None:
    shown = arrange(quarters(size), view)
    assert shown.size == size
    y, u = shown.y[::2, ::2].astype(int), shown.u.astype(int)
    inside = (y > 50) & (u != 128)
    expected = 90 + (y - 60) / 2
    # at the edges between quarters bicubic and bilinear mix more of one plane than of the other
    assert np.median(np.abs(u - expected)[inside]) <= 1


@pytest.mark.parametrize("size", [(16, 16), (130, 18), (16, 64)])
@pytest.mark.parametrize("view", [View(turn=90), View(turn=270, zoom=4), View(zoom=4, pan_x=-1)])
def test_the_size_stays_however_small_it_is(view: View, size: Size) -> None:
    shown = arrange(quarters(size), view)
    assert (shown.size, shown.u.shape) == (size, (size[1] // 2, size[0] // 2))


def test_a_turned_picture_is_shown_whole_between_black_bars() -> None:
    shown = arrange(quarters((1280, 720)), View(turn=90))
    columns = np.flatnonzero((shown.y != BLACK_Y).any(axis=0))
    assert (columns[0], columns[-1]) == (438, 841)  # 404 wide: 720 x 720 / 1280, even
    assert (shown.y[:, columns[0] : columns[-1]] != BLACK_Y).all()


def test_a_zoom_fills_the_bars_of_a_turned_picture() -> None:
    shown = arrange(quarters((1280, 720)), View(turn=90, zoom=3.17))  # 1280 / 404
    assert (shown.y != BLACK_Y).all()


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("zoom", [1, 1.01, 1.5, 2, 3.3, 4])
@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.77, 1.0])
def test_a_cut_is_even_and_inside(turn: int, zoom: float, pan: float) -> None:
    shown = (720, 1280) if turn % 180 else (1280, 720)
    cut = find_cut(shown, (1280, 720), View(turn=turn, zoom=zoom, pan_x=pan, pan_y=-pan))
    numbers = (cut.left, cut.top, *cut.kept, cut.x, cut.y, *cut.size)
    assert not any(number % 2 for number in numbers)
    assert all(number >= 0 for number in numbers)
    assert cut.left + cut.kept[0] <= shown[0]
    assert cut.top + cut.kept[1] <= shown[1]
    assert cut.x + cut.size[0] <= 1280
    assert cut.y + cut.size[1] <= 720


def test_a_zoom_shows_the_part_that_the_pan_names() -> None:
    shown = arrange(quarters(), View(zoom=2, pan_x=1, pan_y=-1))
    assert set(np.unique(shown.y)) == {100}  # the quarter at the top right


def test_a_pan_is_meant_as_the_viewer_sees_it() -> None:
    shown = arrange(quarters(), View(mirror=True, zoom=2, pan_x=1, pan_y=-1))
    assert set(np.unique(shown.y)) == {60}


def test_a_frame_is_not_changed_in_place() -> None:
    frame = quarters()
    before = frame.y.copy()
    arrange(frame, View(mirror=True, zoom=3))
    assert np.array_equal(frame.y, before)


def test_a_zoom_arrives_within_a_second_without_a_jump() -> None:
    glide = Glide()
    glide(STRAIGHT, 0)
    wanted = replace(STRAIGHT, zoom=4, pan_x=1)
    zooms = [glide(wanted, number * FRAME_NS).zoom for number in range(1, 31)]
    steps = np.diff([1, *zooms])
    assert zooms[-1] == 4
    assert (steps >= 0).all()
    assert steps.max() < 0.8  # of 3: the first frame goes a quarter of the way


def test_a_mirror_does_not_glide() -> None:
    glide = Glide()
    glide(STRAIGHT, 0)
    assert glide(View(mirror=True, zoom=2), FRAME_NS).mirror


def test_the_first_view_is_there_at_once() -> None:
    assert Glide()(View(zoom=3), 0).zoom == 3


def test_a_gap_in_the_frames_is_no_jump() -> None:
    glide = Glide()
    glide(STRAIGHT, 0)
    assert glide(View(zoom=4), 10**10).zoom < 4
