"""The noise that is found is the noise that was made, and motion is not taken for it."""

import cv2
import numpy as np
import pytest
from talking_head import talking_head

from vcam.restore.noise import (
    EVERY,
    LAG,
    LEVELS,
    REST,
    SILENT_TIMES,
    Noise,
    NoiseMeter,
    Seen,
    fill_gaps,
    level_of,
    see,
    table_of,
)

SHAPE = (180, 320)


def seen(luma: np.ndarray) -> Seen:
    small = cv2.resize(luma, (luma.shape[1] // 4, luma.shape[0] // 4), interpolation=cv2.INTER_AREA)
    cells = small.astype(np.float32)
    return see(cells, np.stack([cells, cells]), luma)


def measure(pictures: list[np.ndarray]) -> Noise:
    meter = NoiseMeter()
    for luma in pictures:
        meter.measure(lambda luma=luma: seen(luma))
    return meter.noise


def looks(meter: NoiseMeter, pictures: list[np.ndarray]) -> list[int]:
    """The numbers of the pictures that the meter looks at."""
    found = []
    for number, luma in enumerate(pictures):

        def look(number: int = number, luma: np.ndarray = luma) -> Seen:
            found.append(number)
            return seen(luma)

        meter.measure(look)
    return found


def grey(sigma: float, count: int = 20, level: int = 120) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [np.clip(np.rint(rng.normal(level, sigma, SHAPE)), 0, 255).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize("sigma", [1.5, 4.0, 9.0])
def test_white_noise_is_measured_at_each_scale(sigma: float) -> None:
    noise = measure(grey(sigma))
    # the calmest third of the blocks shows less than all would: a fifth for the 32 pixels and the 16 cells
    # of a block, and what roundings hide; never more than there is
    assert 0.75 * sigma < noise.pixel[1] < 1.1 * sigma
    assert 0.6 * sigma / 4 < noise.cell[1] < 1.1 * np.sqrt(sigma**2 / 16 + 1 / 12)
    assert 0 < noise.block[1] < sigma / 16 * 1.1


def test_noise_is_told_apart_by_brightness() -> None:
    rng = np.random.default_rng(0)
    spread = np.repeat([[2.0], [8.0]], 90, axis=0)
    base = np.repeat([[40.0], [200.0]], 90, axis=0)
    pictures = [
        np.clip(np.rint(base + spread * rng.standard_normal(SHAPE)), 0, 255).astype(np.uint8)
        for _ in range(20)
    ]
    pixel = measure(pictures).pixel
    assert pixel[0] == pytest.approx(2, rel=0.25)
    assert pixel[3] == pytest.approx(8, rel=0.25)


def test_a_still_picture_is_silent() -> None:
    picture = talking_head(1, SHAPE[::-1])[0].y
    assert measure([picture] * 8).pixel.max() == 0


def test_a_picture_that_moves_as_a_whole_is_silent() -> None:
    """Its difference over three frames is larger than over one: noise has no such memory."""
    wide = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (180, 600), np.uint8), (0, 0), 6)
    wide = cv2.normalize(wide, None, 16, 235, cv2.NORM_MINMAX)
    pictures = [np.ascontiguousarray(wide[:, 2 * k : 2 * k + 320]) for k in range(20)]
    assert measure(pictures).pixel.max() == 0


def test_a_picture_that_trembles_is_silent() -> None:
    """A hand's jitter has no memory, but it shows where there is something to see, and not elsewhere."""
    rng = np.random.default_rng(0)
    picture = cv2.resize(talking_head(1, (720, 480))[0].y, (720, 480))
    pictures = []
    for _ in range(16):
        top, left = rng.integers(0, 3, 2)
        pictures.append(np.ascontiguousarray(picture[top : top + 400, left : left + 640]))
    assert measure(pictures).pixel.max() < 0.6


@pytest.mark.parametrize("seed", range(4))
def test_a_soft_picture_that_a_hand_holds_is_silent(seed: int) -> None:
    """Everywhere as smooth, it changes as evenly as noise does, and as much over one frame as over three."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.standard_normal((200, 340)).astype(np.float32), (0, 0), 7)
    soft = np.rint(128 + 16 * soft / soft.std() + rng.uniform(-0.5, 0.5, soft.shape)).astype(np.uint8)
    places = rng.integers(8, 11, (24, 2))  # pixels, by turns
    pictures = [np.ascontiguousarray(soft[y : y + 180, x : x + 320]) for y, x in places]
    assert measure(pictures).pixel.max() == 0


def test_grain_on_a_picture_that_a_hand_puts_down_is_measured() -> None:
    rng = np.random.default_rng(0)
    soft = cv2.GaussianBlur(rng.standard_normal((200, 340)).astype(np.float32), (0, 0), 7)
    soft = 128 + 16 * soft / soft.std()
    places = np.concatenate([rng.integers(8, 11, (12, 2)), np.full((24, 2), 9)])
    pictures = [
        np.clip(np.rint(soft[y : y + 180, x : x + 320] + rng.normal(0, 4, SHAPE)), 0, 255).astype(np.uint8)
        for y, x in places
    ]
    # a quarter: what choosing the calm blocks takes, as above
    assert measure(pictures).pixel[1:3] == pytest.approx(4, rel=0.25)


def test_letters_that_tremble_are_silent() -> None:
    """All that is grey on a page is an edge, and every edge differs as much as every other."""
    rng = np.random.default_rng(0)
    page = np.full((240, 400), 235, np.uint8)
    for row in range(12, 240, 14):
        cv2.putText(
            page, "The quick brown fox jumps over the lazy dog", (2, row), 0, 0.45, 40, 1, cv2.LINE_AA
        )
    pictures = []
    for _ in range(16):
        top, left = rng.integers(0, 4, 2)
        pictures.append(np.ascontiguousarray(page[top : top + 180, left : left + 320]))
    assert measure(pictures).pixel.max() < 0.6


def test_flickering_light_is_not_noise() -> None:
    picture = talking_head(1, SHAPE[::-1])[0].y.astype(int)
    lit = [np.clip(picture + 3 * (k % 2), 0, 255).astype(np.uint8) for k in range(12)]
    assert measure(lit).pixel.max() < 0.6


def test_noise_that_lasts_is_not_underrated() -> None:
    """An AR(1) of 0.6 over time halves the difference of neighbouring frames."""
    rng = np.random.default_rng(0)
    noise, pictures = rng.standard_normal(SHAPE), []
    for _ in range(24):
        noise = 0.6 * noise + 0.8 * rng.standard_normal(SHAPE)
        pictures.append(np.clip(np.rint(120 + 5 * noise), 0, 255).astype(np.uint8))
    assert measure(pictures).pixel[1] > 3.9


def test_where_there_is_no_noise_the_meter_rests() -> None:
    still = [talking_head(1, SHAPE[::-1])[0].y]
    meter = NoiseMeter()
    awake = LAG + 1 + EVERY * (SILENT_TIMES + 1)
    looks(meter, still * awake)
    assert len(looks(meter, still * 4 * REST)) == 4 * 3  # of each measurement, a picture and two before it


def test_noise_that_begins_wakes_a_resting_meter() -> None:
    meter = NoiseMeter()
    looks(meter, grey(0) * 2 * REST)
    pictures = grey(4, 2 * REST + LAG)
    looks(meter, pictures[: REST + LAG])
    assert meter.noise.pixel[1] > 0.8
    looks(meter, pictures[REST + LAG :])
    assert meter.noise.pixel[1] == pytest.approx(4, rel=0.25)


@pytest.mark.parametrize("phase", range(REST))
def test_a_cut_wakes_a_resting_meter_whenever_it_comes(phase: int) -> None:
    meter = NoiseMeter()
    looks(meter, grey(0) * 2 * REST + grey(0, phase))
    meter.reset()
    looks(meter, grey(4, LAG + 1))
    assert meter.noise.pixel[1] > 0.8


def test_noise_is_measured_all_the_time() -> None:
    meter = NoiseMeter()
    looks(meter, grey(4, 2 * REST))
    assert len(looks(meter, grey(4, 2 * REST))) == 2 * REST / EVERY * 2


def test_levels_cover_all_code_values() -> None:
    assert level_of(np.arange(256, dtype=np.float32)).tolist() == sorted([0, 1, 2, 3] * 64)
    table = table_of(np.array([1, 2, 3, 4], np.float32))
    assert table.shape == (256,)
    assert table[32] == pytest.approx(1)
    assert (np.diff(table) >= 0).all()


def test_a_level_that_was_not_seen_takes_its_neighbours() -> None:
    spare = np.full(LEVELS, 9, np.float32)
    nan = np.nan
    assert fill_gaps(np.array([1, nan, 3, nan], np.float32), spare).tolist() == [1, 2, 3, 3]
    assert fill_gaps(np.array([nan] * 4, np.float32), spare).tolist() == [9, 9, 9, 9]
