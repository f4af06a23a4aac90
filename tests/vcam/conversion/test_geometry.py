from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from vcam.conversion.geometry import Geometry, shown_size
from vcam.conversion.pyav import to_frame
from vcam.errors import SourceError
from vcam.frame import Frame

# a picture with one bright corner, upper left; where it is after each of EXIF's orientations
CORNERS = {
    (False, 0): (0, 0),
    (True, 0): (0, -1),
    (False, 180): (-1, -1),
    (True, 180): (-1, 0),
    (True, 270): (0, 0),
    (False, 90): (0, -1),
    (True, 90): (-1, -1),
    (False, 270): (-1, 0),
}


def corner_picture() -> VideoFrame:
    pixels = np.full((48, 64, 3), 20, np.uint8)
    pixels[:8, :16] = 235
    return VideoFrame.from_ndarray(pixels, format="rgb24")


def show(picture: VideoFrame, geometry: Geometry) -> Frame:
    frame = to_frame(picture, 0, 0, geometry=geometry)
    assert frame.size == shown_size((picture.width, picture.height), geometry)
    assert all(plane.flags.c_contiguous for plane in (frame.y, frame.u, frame.v))
    return frame


@pytest.mark.parametrize(("orientation", "corner"), CORNERS.items())
def test_a_picture_is_mirrored_then_turned(orientation: tuple[bool, int], corner: tuple[int, int]) -> None:
    mirrored, turn = orientation
    frame = show(corner_picture(), Geometry(is_mirrored=mirrored, turn=turn))
    assert frame.size == ((48, 64) if turn in (90, 270) else (64, 48))
    bright = {each for each in ((0, 0), (0, -1), (-1, 0), (-1, -1)) if frame.y[each] > 200}
    assert bright == {corner}


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(64, 45), (92, 48)), (Fraction(1, 2), (64, 96)), (Fraction(500), (64, 48))]
)
def test_pixels_become_square_by_stretching(aspect: Fraction, size: tuple[int, int]) -> None:
    frame = show(corner_picture(), Geometry(aspect=aspect))
    assert frame.size == size
    assert frame.y[0, 0] > 200 > frame.y[0, -1]


def test_what_is_beyond_the_cut_is_left_out() -> None:
    assert show(corner_picture(), Geometry(cut=(0, 0, 50, 40))).size == (50, 40)


def test_a_picture_that_becomes_too_small_is_refused() -> None:
    with pytest.raises(SourceError, match="expected sides of 16"):
        shown_size((64, 48), Geometry(cut=(0, 0, 8, 40)))
