import numpy as np
import pytest
from av.video.frame import VideoFrame
from video_files import flat_picture

from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import Frame

BT601, BT709 = (0.299, 0.114), (0.2126, 0.0722)
BT709_TAG, BT601_TAG, FULL, LIMITED = 1, 6, 2, 1
COLOURS = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 50, 90)]
# swscale rounds twice on its way over RGB or a wider range: up to 1.2 code values measured
TOLERANCE = 2


def yuv_of(rgb: tuple[int, int, int], matrix: tuple[float, float], is_full: bool) -> tuple[int, int, int]:
    """The textbook's conversion of 8-bit RGB."""
    (kr, kb), (r, g, b) = matrix, (channel / 255 for channel in rgb)
    y = kr * r + (1 - kr - kb) * g + kb * b
    u, v = (b - y) / 2 / (1 - kb), (r - y) / 2 / (1 - kr)
    if is_full:
        levels = (255 * y, 128 + 255 * u, 128 + 255 * v)
    else:
        levels = (16 + 219 * y, 128 + 224 * u, 128 + 224 * v)
    return tuple(min(255, round(level)) for level in levels)  # type: ignore[return-value]


def assert_colour(frame: Frame, rgb: tuple[int, int, int]) -> None:
    got = [int(plane[5, 5]) for plane in (frame.y, frame.u, frame.v)]
    assert got == pytest.approx(yuv_of(rgb, BT601, False), abs=TOLERANCE)


@pytest.mark.parametrize("rgb", COLOURS)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize(("tag", "matrix"), [(BT601_TAG, BT601), (BT709_TAG, BT709)])
def test_every_range_and_matrix_becomes_bt601_limited(
    rgb: tuple[int, int, int], pix_fmt: str, is_full: bool, tag: int, matrix: tuple[float, float]
) -> None:
    picture = flat_picture((64, 48), yuv_of(rgb, matrix, is_full), pix_fmt)
    picture.color_range, picture.colorspace = FULL if is_full else LIMITED, tag
    assert_colour(to_frame(picture, 0, 0), rgb)


@pytest.mark.parametrize("rgb", COLOURS)
def test_rgb_becomes_bt601_limited(rgb: tuple[int, int, int]) -> None:
    pixels = np.full((48, 64, 3), rgb, np.uint8)
    assert_colour(to_frame(VideoFrame.from_ndarray(pixels, format="rgb24"), 0, 0), rgb)


def test_untagged_yuv420p_passes_untouched() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (72, 64), np.uint8)
    frame = to_frame(VideoFrame.from_ndarray(noise, format="yuv420p"), 0, 0)
    assert np.array_equal(frame.y, noise[:48])
    assert np.array_equal(frame.u.reshape(-1), noise[48:60].reshape(-1))
    assert np.array_equal(frame.v.reshape(-1), noise[60:].reshape(-1))


def test_odd_sides_are_cut() -> None:
    frame = to_frame(flat_picture((65, 49), (100, 90, 80)), 0, 0)
    assert frame.size == (64, 48)
    assert frame.u.shape == (24, 32)
    assert set(np.unique(frame.v)) == {80}


def test_a_frame_has_memory_of_its_own_and_the_given_labels() -> None:
    picture = flat_picture((64, 48), (100, 90, 80))
    frame = to_frame(picture, 7, 42, is_cut=True)
    picture.planes[0].update(bytes(picture.planes[0].buffer_size))
    assert int(frame.y.min()) == 100
    assert frame.y.flags.c_contiguous
    assert (frame.index, frame.captured_ns, frame.is_cut) == (7, 42, True)


def test_a_picture_too_small_for_a_frame_is_refused() -> None:
    with pytest.raises(SourceError, match=r"8x48, expected sides of 16\.\.8192"):
        to_frame(flat_picture((8, 48), (100, 90, 80)), 0, 0)


def test_a_converter_that_is_kept_forgets_the_picture_before() -> None:
    kept = Converter()
    kinds = [
        (size, level, tag)
        for size in ((64, 48), (32, 16))
        for level in (FULL, LIMITED)
        for tag in (BT709_TAG, BT601_TAG)
    ]
    for size, level, tag in kinds * 2:
        picture = flat_picture(size, (100, 90, 80), "yuv422p")
        picture.color_range, picture.colorspace = level, tag
        alone, after_others = to_frame(picture, 0, 0), to_frame(picture, 0, 0, converter=kept)
        for plane in "yuv":
            assert np.array_equal(getattr(alone, plane), getattr(after_others, plane)), (size, level, tag)
