import numpy as np
import pytest

from vcam.frame import Size
from vcam.placeholder import placeholder

LONG = "the camera gave no frame for two seconds, so it is opened again in four, and again in eight " * 3


def ink(size: Size, title: str = "Camera paused", detail: str = "Nobody is watching") -> np.ndarray:
    """(H, W) bool: where the card differs from an empty one of its rows' ground."""
    luma = placeholder(size, title, detail).y.astype(int)
    return np.abs(luma - luma[:, :1]) > 12


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 480), (320, 180), (360, 640), (16, 16)])
def test_the_card_is_of_the_size_asked_for(size: Size) -> None:
    assert placeholder(size, "Camera paused", "Nobody is watching").size == size


def test_the_card_is_dark_but_not_uniform() -> None:
    luma = placeholder((640, 360), "Camera paused", "Nobody is watching").y
    assert luma.mean() < 60
    assert luma.max() > 180


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (360, 640)])
def test_the_text_is_centred(size: Size) -> None:
    columns = np.flatnonzero(ink(size).any(axis=0))
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(size[0] / 2, abs=size[0] * 0.02)


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (320, 180), (360, 640)])
def test_long_text_stays_inside(size: Size) -> None:
    columns = np.flatnonzero(ink(size, LONG, LONG).any(axis=0))
    assert columns[0] > size[0] * 0.04
    assert columns[-1] < size[0] * 0.96


def test_the_title_is_read_from_the_card() -> None:
    paused = placeholder((640, 360), "Camera paused", "")
    waiting = placeholder((640, 360), "Waiting for the camera", "")
    assert not np.array_equal(paused.y, waiting.y)


def test_an_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        placeholder((641, 360), "Camera paused", "")
