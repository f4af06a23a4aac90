import time
from dataclasses import astuple, replace

import cv2
import numpy as np
import pytest
from talking_head import PERIOD_NS, Film

from distill.damage.cameras import CAMERAS, Camera, Sensor, draw_camera, grain
from distill.damage.degradation import Degradation
from vcam.frame import Frame, Size
from vcam.metrics import psnr

SIZE: Size = (160, 96)
NOISELESS = Camera(blur_px=0, read_noise=0, quality=None)


def flat(luma: int, count: int = 1, size: Size = (480, 360), chroma: int = 128) -> list[Frame]:
    width, height = size
    half = np.full((height // 2, width // 2), chroma, np.uint8)
    y = np.full((height, width), luma, np.uint8)
    return [Frame(y, half, half, index, index * PERIOD_NS) for index in range(count)]


def shoot(camera: Camera, frames: list[Frame], seed: int = 0) -> list[Frame]:
    return camera.shoot(frames, np.random.default_rng(seed))


def planes(frames: list[Frame]) -> list[bytes]:
    return [plane.tobytes() for frame in frames for plane in (frame.y, frame.u, frame.v)]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("name", CAMERAS)
def test_the_same_seed_gives_the_same_pictures_and_another_does_not(name: str, film: Film) -> None:
    first, again, other = (planes(shoot(CAMERAS[name], film(4, SIZE), seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


@pytest.mark.parametrize("luma", [40, 110, 200])
@pytest.mark.parametrize("name", ["W", "L"])
def test_the_noise_has_the_variance_of_the_formula(name: str, luma: int) -> None:
    raw = replace(CAMERAS[name], quality=None)
    (seen,) = shoot(raw, flat(luma))
    variance = {"W": 9, "L": 9 + 0.55 * (luma - 16)}[name] + 1 / 12  # rounding
    # 2%: four standard deviations of a variance of 172,800 samples, and what black clips at three sigma
    assert seen.y.var() == pytest.approx(variance, rel=0.02)
    assert seen.y.mean() == pytest.approx(luma, abs=0.1)


def test_only_the_cameras_of_dim_rooms_have_chroma_noise() -> None:
    for name, variance in {"W": 0, "L": 9 + 1 / 12}.items():
        (seen,) = shoot(replace(CAMERAS[name], quality=None), flat(110))
        for plane in (seen.u, seen.v):
            assert plane.var() == pytest.approx(variance, rel=0.03)  # four deviations of 43,200 samples


@pytest.mark.parametrize("share", [0.0, 0.4, 0.6])
def test_the_noise_persists_as_an_ar1_process_does(share: float) -> None:
    camera = replace(NOISELESS, read_noise=8, persistence=share)
    first, second, third = (frame.y.astype(float) for frame in shoot(camera, flat(110, 3)))
    # 0.01: four standard deviations of a correlation of 172,800 samples
    assert correlation(first, second) == pytest.approx(share, abs=0.01)
    assert correlation(first, third) == pytest.approx(share**2, abs=0.01)
    assert third.std() == pytest.approx(8, rel=0.02)


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
def test_grain_has_unit_variance_and_its_width_at_half_height(width: float) -> None:
    field = grain((600, 800), width, np.random.default_rng(0))
    assert field.std() == pytest.approx(1, abs=0.01)
    lag = int(width / 2)
    if lag:
        # 0.06: a sampled Gaussian of sigma 0.6 is that much off the continuous one
        assert correlation(field[:, :-lag], field[:, lag:]) == pytest.approx(0.5, abs=0.06)
        assert correlation(field[:-lag], field[lag:]) == pytest.approx(0.5, abs=0.06)
    else:
        assert correlation(field[:, :-1], field[:, 1:]) == pytest.approx(0, abs=0.01)


def test_fixed_pattern_and_hot_pixels_stay_where_they_are() -> None:
    camera = replace(NOISELESS, fixed_pattern=2, hot_pixels=1e-3)
    first, second = shoot(camera, flat(110, 2))
    assert np.array_equal(first.y, second.y)
    hot = np.count_nonzero(first.y > 125)
    assert hot == pytest.approx(1e-3 * first.y.size, rel=0.35)  # 173 of them: four standard deviations
    assert np.median(np.abs(first.y.astype(int) - 110)) == 1  # 0.67 sigma


def test_row_bands_drift_and_are_the_same_along_a_row() -> None:
    first, second = shoot(replace(NOISELESS, bands=0.03), flat(200, 2))
    assert (first.y == first.y[:, :1]).all()
    assert not np.array_equal(first.y, second.y)
    assert first.y.max() - first.y.min() == pytest.approx(2 * 0.03 * (200 - 16), abs=1)


def test_brightness_follows_the_light_of_50_hz_mains_every_three_frames() -> None:
    seen = shoot(replace(NOISELESS, flicker=0.05), flat(200, 7))
    means = [float(frame.y.mean()) for frame in seen]
    assert max(means) - min(means) > 0.05 * (200 - 16)  # three samples of a sine: at least 1.5 amplitudes
    # 100 Hz seen 30 times a second: 3 1/3 turns a frame
    assert means[:3] == pytest.approx(means[3:6], abs=0.01)


def test_a_dim_room_darkens_the_truth_and_what_is_seen_alike() -> None:
    dim = replace(NOISELESS, light=0.5)
    frames = flat(116, 1, chroma=148)
    (true,), (seen,) = dim.truth(frames), shoot(dim, frames)
    assert (true.y == 66).all()
    assert (true.u == 138).all()
    assert planes([true]) == planes([seen])


def test_without_damage_the_picture_stays_as_it_is(film: Film) -> None:
    frames = film(3, SIZE)
    assert planes(shoot(NOISELESS, frames)) == planes(frames)


@pytest.mark.parametrize("quality", [None, 80])
def test_index_time_and_cut_stay(quality: int | None, film: Film) -> None:
    frame = replace(film(5, SIZE)[4], is_cut=True)
    seen = Sensor(replace(CAMERAS["L"], quality=quality), np.random.default_rng(0))(frame)
    assert (seen.index, seen.captured_ns, seen.is_cut) == (frame.index, frame.captured_ns, True)


def test_a_change_of_size_draws_grain_and_pattern_again(film: Film) -> None:
    sensor = Sensor(CAMERAS["N"], np.random.default_rng(0))
    assert [sensor(film(1, size)[0]).size for size in (SIZE, (64, 48), SIZE)] == [SIZE, (64, 48), SIZE]


def test_a_degradation_takes_such_a_camera_and_knows_its_truth(film: Film) -> None:
    frames = film(3, SIZE)
    degradation = Degradation(CAMERAS["N"])
    seen, true = degradation.apply(frames, np.random.default_rng(0)), degradation.truth(frames)
    assert degradation.kind == "camera"
    assert planes(seen) == planes(shoot(CAMERAS["N"], frames))
    assert true[0].y.mean() < 0.7 * frames[0].y.mean()
    assert psnr(seen[2].y, true[2].y) > psnr(seen[2].y, frames[2].y)


def test_what_is_drawn_depends_on_the_seed_alone_and_covers_the_ranges() -> None:
    assert draw_camera(np.random.default_rng(7)) == draw_camera(np.random.default_rng(7))
    rng = np.random.default_rng(0)
    drawn = [draw_camera(rng) for _ in range(600)]
    dim = [camera for camera in drawn if camera.light < 1]
    # 0.08: four standard deviations of 600 draws
    assert len(dim) / 600 == pytest.approx(0.4, abs=0.08)
    assert sum(camera.persistence > 0 for camera in drawn) / 600 == pytest.approx(1 / 3, abs=0.08)
    sigmas = [np.sqrt(camera.read_noise**2 + camera.shot_gain * 112 * camera.light) for camera in dim]
    assert 3 <= min(sigmas) < 3.5
    assert 12 < max(sigmas) <= 14
    assert all(1 <= camera.grain_px <= 4 and 0.5 <= camera.blur_px <= 1.3 for camera in drawn)
    assert {camera.quality is None for camera in drawn} == {True, False}
    assert all(isinstance(value, float | int | None) for camera in drawn for value in astuple(camera))


def test_a_720p_frame_takes_tens_of_milliseconds() -> None:
    threads = cv2.getNumThreads()
    sensor = Sensor(CAMERAS["N"], np.random.default_rng(0))
    (frame,) = flat(110, 1, (1280, 720))
    cv2.setNumThreads(1)
    try:
        times = []
        for _ in range(6):
            start = time.process_time()
            sensor(frame)
            times.append(time.process_time() - start)
    finally:
        cv2.setNumThreads(threads)
    assert min(times) < 0.15  # CPU time: 35 ms on a 2.6 GHz core
