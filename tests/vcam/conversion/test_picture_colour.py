import numpy as np
import pytest
from av.video.frame import VideoFrame
from test_picture import BT709, assert_colour, yuv_of
from video_files import flat_picture, grey_picture

from vcam.conversion.alpha import alpha_of
from vcam.conversion.pyav import to_frame

GREEN = (40, 180, 60)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (720, 1280)])
def test_hd_without_a_tag_is_bt709(size: tuple[int, int]) -> None:
    assert_colour(to_frame(flat_picture(size, yuv_of(GREEN, BT709, False)), 0, 0), GREEN)


@pytest.mark.parametrize("level", range(16, 236, 7))
def test_a_grey_is_the_same_in_every_matrix(level: int) -> None:
    picture = grey_picture((64, 48), level)
    picture.colorspace = 1
    assert set(np.unique(to_frame(picture, 0, 0).y)) == {level}


def test_what_is_transparent_is_laid_on_white() -> None:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[:, :32] = (*GREEN, 255)
    frame = to_frame(VideoFrame.from_ndarray(pixels, format="rgba"), 0, 0)
    assert_colour(frame, GREEN)
    assert frame.y[5, 60] == 235


def test_opacity_is_known_where_there_is_any() -> None:
    pixels = np.full((48, 64, 4), 255, np.uint8)
    assert alpha_of(VideoFrame.from_ndarray(pixels, format="rgba")) is None
    pixels[0, 0, 3] = 7
    alpha = alpha_of(VideoFrame.from_ndarray(pixels, format="rgba"))
    assert alpha is not None
    assert (alpha[0, 0], alpha[0, 1]) == (7, 255)
