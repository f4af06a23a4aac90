import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from talking_head import Film

from distill.evaluate.colour import ciede2000, colour_difference
from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame

# of Sharma, Wu and Dalal's test data: L, a, b twice, then the difference; the traps of the hue are in it
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_ciede2000_is_that_of_the_published_pairs(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    found = ciede2000(np.array(first), np.array(second))
    assert found == pytest.approx(expected, abs=1e-4)  # published to four decimals
    assert ciede2000(np.array(second), np.array(first)) == pytest.approx(expected, abs=1e-4)


def test_ciede2000_agrees_with_scikit_image() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.uniform((0, -90, -90), (100, 90, 90), (40, 50, 3)) for _ in range(2))
    np.testing.assert_allclose(
        ciede2000(first, second), deltaE_ciede2000(first, second), rtol=1e-7
    )  # pi / 6 in single


def test_the_difference_of_frames_is_that_of_their_sampled_pixels(film: Film) -> None:
    first, second = film(8, (160, 96))[0], film(8, (160, 96))[7]
    lab = [rgb2lab(to_bgr(frame)[::2, ::2, ::-1]) for frame in (first, second)]
    expected = deltaE_ciede2000(*lab).mean()
    # 1%: OpenCV's Lab in single precision has a white point and a cube root of its own
    assert colour_difference(first, second) == pytest.approx(expected, rel=0.01)


def test_equal_frames_do_not_differ(film: Film) -> None:
    frame = film(1, (160, 96))[0]
    assert colour_difference(frame, frame) == 0


def test_frames_of_two_sizes_are_refused(film: Film) -> None:
    small: Frame = film(1, (64, 48))[0]
    with pytest.raises(ValueError, match="different sizes"):
        colour_difference(small, film(1, (160, 96))[0])
