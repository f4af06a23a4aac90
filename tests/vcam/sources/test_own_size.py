import itertools
from concurrent.futures import Future

import cv2
import numpy as np
import pytest

from vcam.frame import Frame, black
from vcam.sources import sample_source
from vcam.sources.own_size import OwnSize, find_active, find_own_height

KERNELS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4}


@pytest.fixture(scope="module")
def luma() -> np.ndarray:
    with sample_source(sleep=lambda s: None) as source:
        return next(itertools.islice(source, 60, None)).y


def scaled(luma: np.ndarray, height: int, kernel: int = cv2.INTER_AREA) -> np.ndarray:
    width = round(luma.shape[1] * height / luma.shape[0] / 2) * 2
    return cv2.resize(luma, (width, height), interpolation=kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("own", "shown"), [(360, 720), (360, 1080), (480, 720), (480, 1080)])
def test_an_enlarged_picture_is_known(luma: np.ndarray, own: int, shown: int, kernel: str) -> None:
    assert find_own_height(scaled(scaled(luma, own), shown, KERNELS[kernel])) == own


def test_a_picture_that_was_not_enlarged_keeps_its_size(luma: np.ndarray) -> None:
    assert find_own_height(luma) == 480
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280)).astype(np.uint8)
    assert find_own_height(noise) == 720


def test_sharp_text_in_a_flat_picture_counts() -> None:
    page = np.full((720, 1280), 235, np.uint8)
    for line in range(4):
        cv2.putText(
            page, "0123456789 small print", (10, 30 + line * 36), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 20, 1
        )
    assert find_own_height(page) == 720


@pytest.mark.parametrize("luma", [np.full((720, 1280), 90, np.uint8), np.zeros((100, 100), np.uint8)])
def test_nothing_is_found_in_nothing(luma: np.ndarray) -> None:
    assert find_own_height(luma) == luma.shape[0]
    assert find_active(luma) == (0, 0, luma.shape[1], luma.shape[0])


def test_bars_are_cut_and_dark_scenes_are_not(luma: np.ndarray) -> None:
    screen = np.full((800, 1280), 17, np.uint8)
    screen[120:600, 320:960] = luma
    assert find_active(screen) == (320, 120, 640, 480)
    night = np.full((800, 1280), 16, np.uint8)
    night[390:400, 600:640] = 200  # a lamp
    assert find_active(night) == (0, 0, 1280, 800)


def test_it_believes_what_it_sees_twice_and_looks_once_a_second(luma: np.ndarray) -> None:
    shown = scaled(scaled(luma, 360), 720, cv2.INTER_LINEAR)
    ground = black((shown.shape[1], shown.shape[0]))
    own = OwnSize()
    moments_s = (0, 0.5, 1.0, 1.5, 2.0)
    seen = [own.look(Frame(shown, ground.u, ground.v, 0, round(moment * 1e9))) for moment in moments_s]
    assert seen == [False, False, True, False, False]
    assert own.size == (480, 360)


def test_frames_do_not_wait_for_a_look_beside_them() -> None:
    asked: list[Future[tuple[tuple[int, int, int, int], int]]] = []

    def find(luma: np.ndarray) -> "Future[tuple[tuple[int, int, int, int], int]]":
        asked.append(Future())
        return asked[-1]

    own = OwnSize(find)
    ground = black((1280, 720))
    assert [own.look(Frame(ground.y, ground.u, ground.v, 0, second * 10**9)) for second in range(5)] == [
        False
    ] * 5
    assert len(asked) == 1  # no second one beside it
    for second in (5, 6):
        asked[-1].set_result(((0, 0, 1280, 720), 360))
        assert own.look(Frame(ground.y, ground.u, ground.v, 0, second * 10**9)) == (second == 6)
        own.look(Frame(ground.y, ground.u, ground.v, 0, second * 10**9 + 1))
    assert own.size == (640, 360)
