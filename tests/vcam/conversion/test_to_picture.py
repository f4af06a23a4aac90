import av
import numpy as np
import pytest

from vcam.conversion.pyav import to_picture
from vcam.frame import Size, from_packed, pack


@pytest.mark.parametrize("size", [(64, 48), (854, 480), (18, 16), (350, 262)])  # all but the first are padded
def test_a_picture_is_what_the_packed_frame_gives(size: Size) -> None:
    width, height = size
    frame = from_packed(np.random.default_rng(0).integers(0, 256, width * height * 3 // 2, np.uint8), size)
    picture = to_picture(frame)
    assert (picture.width, picture.height, picture.format.name) == (*size, "yuv420p")
    assert np.array_equal(picture.to_ndarray(), pack(frame))
    packed = av.VideoFrame.from_ndarray(pack(frame), format="yuv420p")
    assert [plane.line_size for plane in picture.planes] == [plane.line_size for plane in packed.planes]


def test_a_picture_has_memory_of_its_own() -> None:
    packed = np.full(64 * 48 * 3 // 2, 100, np.uint8)
    picture = to_picture(from_packed(packed, (64, 48)))
    packed[:] = 0
    assert int(picture.to_ndarray().min()) == 100
