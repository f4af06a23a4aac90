from dataclasses import replace

import cv2
import numpy as np
import pytest

from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.frame import (
    BLACK_Y,
    GREY_UV,
    Frame,
    Size,
    black,
    check_size,
    crop_to_aspect,
    from_packed,
    pack,
    parse_size,
    resize,
)

SIZES: list[Size] = [(16, 16), (34, 18), (640, 480), (1280, 720), (18, 200)]
BARS = [
    (255, 255, 255),
    (0, 255, 255),
    (255, 255, 0),
    (0, 255, 0),
    (255, 0, 255),
    (0, 0, 255),
    (255, 0, 0),
    (0, 0, 0),
]


def noise(size: Size, seed: int = 0) -> Frame:
    width, height = size
    packed = np.random.default_rng(seed).integers(0, 256, width * height * 3 // 2, dtype=np.uint8)
    return from_packed(packed, size, index=7, captured_ns=9)


def disc(size: Size) -> Frame:
    """A white disc of a third of the shorter side in the middle."""
    width, height = size
    bgr = np.zeros((height, width, 3), np.uint8)
    cv2.circle(bgr, (width // 2, height // 2), min(size) // 6, (255, 255, 255), cv2.FILLED)
    return from_bgr(bgr)


def extent(frame: Frame) -> tuple[int, int]:
    """Width and height of the white disc, in pixels."""
    bright = frame.y > 125
    return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())


@pytest.mark.parametrize("size", SIZES)
def test_packing_and_unpacking_gives_the_same_planes(size: Size) -> None:
    frame = noise(size)
    again = from_packed(pack(frame), size)
    assert again.size == size
    for a, b in ((again.y, frame.y), (again.u, frame.u), (again.v, frame.v)):
        np.testing.assert_array_equal(a, b)


def test_the_planes_lie_as_opencv_expects_them() -> None:
    bgr = np.zeros((32, 48, 3), np.uint8)
    bgr[..., 2] = 255
    packed = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    frame = from_packed(packed, (48, 32))
    red = [int(plane[0, 0]) for plane in (frame.y, frame.u, frame.v)]
    assert red == pytest.approx([81.5, 90.2, 240], abs=1)  # BT.601 limited range, rounded
    np.testing.assert_array_equal(pack(frame), packed)


def test_unpacking_copies_nothing() -> None:
    packed = np.zeros(64 * 32 * 3 // 2, np.uint8)
    assert np.shares_memory(from_packed(packed, (64, 32)).v, packed)


def test_planes_are_contiguous() -> None:
    frame = noise((64, 32))
    assert all(plane.flags.c_contiguous for plane in (frame.y, frame.u, frame.v))


@pytest.mark.parametrize("count", [64 * 32, 64 * 32 * 3 // 2 - 1, 64 * 32 * 3])
def test_a_buffer_of_the_wrong_length_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"I420 64x32 has 3072 bytes, got {count}"):
        from_packed(np.zeros(count, np.uint8), (64, 32))


@pytest.mark.parametrize("size", [(641, 480), (640, 481), (1, 1)])
def test_an_odd_size_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="must be even"):
        check_size(size)


@pytest.mark.parametrize("size", [(14, 16), (16, 0), (8194, 16), (-16, 16)])
def test_a_size_out_of_range_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match=r"sides must be 16\.\.8192"):
        check_size(size)


@pytest.mark.parametrize(("text", "size"), [("1280x720", (1280, 720)), ("640X480", (640, 480))])
def test_a_size_is_read_from_text(text: str, size: Size) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "720p", "1280x", "x720", "1280x720x3", "-2x-2", "1280 x 720", "1e3x100"]
)
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid size; expected WIDTHxHEIGHT, for example 1280x720"):
        parse_size(text)


def test_colour_bars_survive_the_way_to_i420_and_back() -> None:
    bars = (
        np.array(BARS, np.uint8).repeat(16, axis=0)[None].repeat(32, axis=0)
    )  # bars of 16, so chroma is exact
    again = to_bgr(from_bgr(bars))
    # 2: limited range has 219 steps for 255, and the matrix is rounded both ways
    assert np.abs(again.astype(int) - bars).max() <= 2


def test_an_odd_last_row_and_column_are_cut() -> None:
    assert from_bgr(np.zeros((33, 49, 3), np.uint8)).size == (48, 32)


def test_index_and_time_come_through_the_conversion() -> None:
    frame = from_bgr(np.zeros((32, 48, 3), np.uint8), 5, 6)
    assert (frame.index, frame.captured_ns, frame.is_cut) == (5, 6, False)


def test_black_is_black() -> None:
    frame = black((64, 32))
    assert (frame.y == BLACK_Y).all()
    assert (frame.u == GREY_UV).all()
    assert not to_bgr(frame).any()


@pytest.mark.parametrize("size", [(32, 24), (128, 96), (128, 48)])
def test_scaling_gives_the_size_and_keeps_the_rest(size: Size) -> None:
    scaled = resize(replace(noise((64, 48)), is_cut=True), size)
    assert scaled.size == size
    assert scaled.u.shape == scaled.v.shape == (size[1] // 2, size[0] // 2)
    assert (scaled.index, scaled.captured_ns, scaled.is_cut) == (7, 9, True)


def test_scaling_to_the_same_size_returns_the_same_frame() -> None:
    frame = noise((64, 48))
    assert resize(frame, (64, 48)) is frame


def test_it_scales_down_by_area_and_up_by_bicubic() -> None:
    frame = noise((64, 48))
    down = cv2.resize(frame.y, (32, 24), interpolation=cv2.INTER_AREA)
    up = cv2.resize(frame.y, (128, 96), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(resize(frame, (32, 24)).y, down)
    np.testing.assert_array_equal(resize(frame, (128, 96)).y, up)


def test_the_interpolation_can_be_chosen() -> None:
    frame = noise((64, 48))
    nearest = resize(frame, (128, 96), cv2.INTER_NEAREST)
    np.testing.assert_array_equal(nearest.y[::2, ::2], frame.y)


def test_scaling_to_an_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        resize(noise((64, 48)), (63, 48))


@pytest.mark.parametrize(
    ("size", "aspect", "cut"),
    [
        ((640, 480), (1280, 720), (640, 360)),
        ((1280, 720), (640, 480), (960, 720)),
        ((1080, 1920), (1920, 1080), (1080, 606)),
        ((1366, 768), (1280, 720), (1366, 768)),
        ((640, 360), (1920, 1080), (640, 360)),
    ],
)
def test_the_centre_of_the_aspect_is_cut_out(size: Size, aspect: Size, cut: Size) -> None:
    assert crop_to_aspect(noise(size), aspect).size == cut


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (500, 500), (720, 1280)])
@pytest.mark.parametrize("output", [(1280, 720), (720, 1280), (640, 480)])
def test_a_disc_stays_round(size: Size, output: Size) -> None:
    wide, tall = extent(resize(crop_to_aspect(disc(size), output), output))
    # 1%: at most 2 pixels of a side are stretched away; and the disc's rim is a pixel
    assert wide == pytest.approx(tall, rel=0.01, abs=2)


def test_the_cut_is_in_the_middle() -> None:
    frame = noise((640, 480))
    cut = crop_to_aspect(frame, (640, 360))
    np.testing.assert_array_equal(cut.y, frame.y[60:420])
    np.testing.assert_array_equal(cut.v, frame.v[30:210])
    assert (cut.index, cut.captured_ns) == (7, 9)
    assert cut.y.flags.c_contiguous
    assert cut.u.flags.c_contiguous


def test_chroma_is_cut_where_luma_is() -> None:
    bgr = np.zeros((120, 200, 3), np.uint8)
    bgr[:, 50:150, 2] = 255
    cut = to_bgr(crop_to_aspect(from_bgr(bgr), (120, 120)))
    # the red square is 50 pixels from the left of 200, and the cut begins at 40
    assert (cut[:, 12:108, 2] > 250).all()
    assert (cut[:, :8, 2] < 5).all()


@pytest.mark.parametrize("size", [(16, 16), (16, 8192), (8192, 16)])
@pytest.mark.parametrize("aspect", [(1920, 16), (16, 1920), (16, 16)])
def test_something_is_left_of_the_most_extreme_shapes(size: Size, aspect: Size) -> None:
    cut = crop_to_aspect(black(size), aspect)
    assert min(cut.size) >= 2
