import pytest

from vcam.errors import ConfigError
from vcam.frame import Size
from vcam.restore.fit import fit_size


@pytest.mark.parametrize(
    ("source", "size", "scale", "fit", "expected"),
    [
        ((240, 320), "1280x720", None, "contain", (540, 720)),
        ((240, 320), "1280x720", None, "cover", (1280, 720)),
        ((240, 320), "1280x720", None, "pad", (540, 720)),
        ((320, 240), None, 1.5, "contain", (480, 360)),
        ((320, 240), None, None, "contain", (640, 480)),
        ((1920, 1080), None, None, "contain", (1920, 1080)),
        ((4000, 20), "640x480", None, "contain", (640, 16)),
    ],
)
def test_a_picture_keeps_its_shape(
    source: Size, size: str | None, scale: float | None, fit: str, expected: Size
) -> None:
    assert fit_size(source, size, scale, fit) == expected


@pytest.mark.parametrize(
    ("size", "scale", "message"),
    [
        ("640x480", 2.0, "leave one out"),
        (None, 0.0, "not a number above 0"),
        (None, 9.0, "use at most scale 4.5"),
        ("640", None, "not a valid size"),
    ],
)
def test_a_size_that_cannot_be_is_refused(size: str | None, scale: float | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_size((320, 240), size, scale, "contain")


def test_a_picture_is_never_smaller_than_a_frame_can_be() -> None:
    assert fit_size((8000, 20), None, None, "contain") == (1920, 16)
    with pytest.raises(ConfigError, match=r"--scale 0\.05 makes 4x2 of 64x48, expected sides of 16 or more"):
        fit_size((64, 48), None, 0.05, "contain")
