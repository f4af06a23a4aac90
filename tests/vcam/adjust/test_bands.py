from collections.abc import Iterator

import numpy as np
import pytest

from vcam.adjust.bands import BINS, SLOW, TIMES, WINDOW, Bands, row_means
from vcam.frame import Frame

SIZE = (160, 96)
LOOKS = WINDOW * (TIMES + 1)  # frames: enough for a quick look to be repeated


def film(
    fps: float,
    frames: int,
    light_hz: float = 0.0,
    amplitude: float = 0.02,
    bands: float = 3.3,
    sway_px: float = 6.0,
    jitter_ms: float = 0.0,
) -> Iterator[Frame]:
    """Somebody who sways and nods before a wall, under a lamp that brightens `light_hz` times a second.

    bands  periods of the lamp in the time in which the camera reads its rows out; 0: flicker of all at once
    """
    rng = np.random.default_rng(5)
    width, height = SIZE
    wall = rng.integers(60, 200, (height // 4, width // 4)).repeat(4, 0).repeat(4, 1).astype(np.float32)
    rows = np.arange(height)[:, None] / height * bands
    half = np.full((height // 2, width // 2), 128, np.uint8)
    for index in range(frames):
        time_s = index / fps
        luma = wall.copy()
        x = round(80 + sway_px * np.sin(2 * np.pi * 0.31 * time_s))
        y = round(30 + sway_px / 2 * np.sin(2 * np.pi * 0.73 * time_s))
        luma[y : y + 50, x - 25 : x + 25] = 110
        lamp = 1 + (amplitude * np.sin(2 * np.pi * (light_hz * time_s + rows)) if light_hz else 0)
        noise = rng.normal(0, 2, (height, width))
        seen = np.clip((luma - 16) * lamp + 16 + noise, 0, 255).astype(np.uint8)
        came_ns = round((time_s + rng.uniform(0, jitter_ms) / 1e3) * 1e9) + 1
        yield Frame(seen, half, half, index, came_ns, is_cut=index == 0)


def watch(frames: Iterator[Frame]) -> int | None:
    bands = Bands()
    for frame in frames:
        bands(frame)
    return bands.mains_hz


@pytest.mark.parametrize("fps", [30, 29.97, 25, 15])
def test_a_room_in_daylight_has_no_bands(fps: float) -> None:
    assert watch(film(fps, LOOKS)) is None


@pytest.mark.parametrize(
    ("fps", "light_hz", "mains_hz"),
    [(30, 100, 50), (29.97, 100, 50), (15, 100, 50), (24, 100, 50), (25, 120, 60), (25.01, 120, 60)],
)
@pytest.mark.parametrize("bands", [3.3, 0])
def test_bands_and_flicker_tell_the_mains(fps: float, light_hz: float, mains_hz: int, bands: float) -> None:
    assert watch(film(fps, LOOKS, light_hz, bands=bands)) == mains_hz


def test_frames_that_come_unevenly_hide_no_bands() -> None:
    assert watch(film(30, LOOKS, 100, jitter_ms=8)) == 50


def test_bands_that_nobody_sees_are_not_spoken_of() -> None:
    assert watch(film(30, LOOKS, 100, amplitude=0.002)) is None


def test_one_look_is_not_enough() -> None:
    assert watch(film(30, WINDOW, 100)) is None


def test_the_warning_ends_with_the_bands() -> None:
    bands = Bands()
    lit = list(film(30, LOOKS, 100))
    for frame in lit:
        bands(frame)
    for frame in film(30, LOOKS):
        bands(Frame(frame.y, frame.u, frame.v, frame.index + LOOKS, frame.captured_ns + lit[-1].captured_ns))
    assert bands.mains_hz is None


def test_a_cut_begins_again() -> None:
    bands = Bands()
    for frame in film(30, LOOKS, 100):
        bands(frame)
    bands(next(film(30, 1)))
    assert bands.mains_hz is None


def test_lost_frames_make_no_bands_of_the_wrong_mains() -> None:
    bands = Bands()
    for frame in film(30, 3 * LOOKS, 100):
        if frame.index % 50 or frame.index == 0:
            bands(frame)
    assert bands.mains_hz in (None, 50)


def test_bands_that_roll_for_seconds_are_found_after_minutes() -> None:
    """120 Hz at 29.97 frames a second: they take eight seconds to pass a row."""
    assert watch(film(29.97, WINDOW * SLOW + WINDOW // 2 * SLOW, 120, amplitude=0.05)) == 60


def test_somebody_who_sways_for_minutes_is_no_mains() -> None:
    assert watch(film(29.97, WINDOW * SLOW + WINDOW // 2 * SLOW, sway_px=15)) is None


def test_a_picture_with_fewer_rows_than_groups_is_passed_by() -> None:
    luma, chroma = np.full((16, 16), 100, np.uint8), np.full((8, 8), 128, np.uint8)
    bands = Bands()
    bands(Frame(luma, chroma, chroma))
    assert bands.mains_hz is None


def test_rows_are_grouped_from_top_to_bottom() -> None:
    luma = np.repeat(np.arange(100, 100 + BINS, dtype=np.uint8), 4)[:, None].repeat(32, 1)
    chroma = np.full((BINS * 2, 16), 128, np.uint8)
    assert np.array_equal(row_means(Frame(luma, chroma, chroma)), np.arange(84, 84 + BINS))
