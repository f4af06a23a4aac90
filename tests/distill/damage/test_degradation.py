from dataclasses import replace

import numpy as np
import pytest
from talking_head import Film

from distill.damage.degradation import Degradation, PoorCamera, add_camera_damage, add_noise, draw
from vcam.frame import Frame, Size
from vcam.link import LinkProfile, check_profile
from vcam.metrics import psnr

SIZE: Size = (160, 96)
POOR = PoorCamera(blur_px=0.8, noise=3, quality=70)
LINK = LinkProfile(crf=32)


def luma(frames: list[Frame]) -> list[bytes]:
    return [frame.y.tobytes() for frame in frames]


@pytest.mark.parametrize(
    "degradation",
    [Degradation(POOR), Degradation(None, 2, LINK), Degradation(POOR, 3, replace(LINK, codec="vp9"))],
)
def test_the_same_seed_gives_the_same_pictures(degradation: Degradation, film: Film) -> None:
    frames = film(6, SIZE)
    first, second = (luma(degradation.apply(frames, np.random.default_rng(4))) for _ in range(2))
    assert first == second


def test_another_seed_gives_another_noise(film: Film) -> None:
    frames = film(2, SIZE)
    first, second = (luma(Degradation(POOR).apply(frames, np.random.default_rng(seed))) for seed in (4, 5))
    assert first != second


def test_no_degradation_returns_the_frames(film: Film) -> None:
    frames = film(3, SIZE)
    assert Degradation().apply(frames, np.random.default_rng(0)) == frames


@pytest.mark.parametrize(("scale", "size"), [(1, (160, 96)), (2, (80, 48)), (3, (54, 32)), (1.37, (116, 70))])
def test_a_link_delivers_the_scaled_size(scale: float, size: Size, film: Film) -> None:
    seen = Degradation(None, scale, LINK).apply(film(2, SIZE), np.random.default_rng(0))
    assert [frame.size for frame in seen] == [size, size]


def test_frame_i_is_what_is_seen_of_frame_i(film: Film) -> None:
    frames = film(30, SIZE)[::3]  # a third of the rate: neighbours differ
    seen = Degradation(None, 1, LINK).apply(frames, np.random.default_rng(0))
    nearest = [max(range(10), key=lambda k: psnr(frames[k].y, picture.y)) for picture in seen]
    assert nearest == list(range(10))


@pytest.mark.parametrize(
    "worse", [replace(POOR, blur_px=1.6), replace(POOR, noise=9), replace(POOR, quality=20), POOR]
)
def test_a_worse_camera_costs_more(worse: PoorCamera, film: Film) -> None:
    frame = film(1, SIZE)[0]
    better = POOR if worse != POOR else PoorCamera(blur_px=0, noise=0, quality=100)
    costs = [
        psnr(add_camera_damage(frame, camera, np.random.default_rng(0)).y, frame.y)
        for camera in (better, worse)
    ]
    # 0.5 dB: more than another draw of the noise makes
    assert costs[1] < costs[0] - 0.5


def test_a_poor_camera_keeps_index_time_and_cut(film: Film) -> None:
    frame = replace(film(5, SIZE)[4], is_cut=True)
    seen = add_camera_damage(frame, POOR, np.random.default_rng(0))
    assert (seen.index, seen.captured_ns, seen.is_cut) == (frame.index, frame.captured_ns, True)


@pytest.mark.parametrize(("grey", "sigma"), [(128, 3.0), (32, 2.37), (220, 3.49)])
def test_noise_has_its_sigma_at_mid_grey_and_grows_with_the_light(grey: int, sigma: float) -> None:
    plane = np.full((400, 400), grey, np.uint8)
    noisy = add_noise(plane, 3.0, np.random.default_rng(0))
    # sigma: sqrt(9 * (0.5 + 0.5 * grey / 128)); 2%: 160000 samples, and 1/12 of variance from rounding
    assert noisy.std() == pytest.approx(sigma, rel=0.02)
    assert noisy.mean() == pytest.approx(grey, abs=0.05)


def test_noise_is_clipped_and_does_not_wrap() -> None:
    white = add_noise(np.full((64, 64), 255, np.uint8), 5.0, np.random.default_rng(0))
    assert white.min() > 200


def test_no_noise_returns_the_plane() -> None:
    plane = np.zeros((16, 16), np.uint8)
    assert add_noise(plane, 0, np.random.default_rng(0)) is plane


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    assert draw((384, 384), np.random.default_rng(7)) == draw((384, 384), np.random.default_rng(7))


def test_what_is_drawn_covers_calls_webcams_and_clean_pictures() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw((384, 384), rng) for _ in range(500)]
    shares = {
        "clean": sum(each == Degradation() for each in drawn) / 500,
        "camera alone": sum(each.link is None and each.camera is not None for each in drawn) / 500,
        "link": sum(each.link is not None for each in drawn) / 500,
    }
    # 0.05: two and a half standard deviations of 500 draws
    assert shares == pytest.approx({"clean": 0.10, "camera alone": 0.18, "link": 0.72}, abs=0.05)
    assert {each.link.codec for each in drawn if each.link} == {"h264", "vp8", "vp9", "av1"}


def test_every_link_that_is_drawn_is_a_valid_one() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        link = draw((192, 192), rng).link
        if link is not None:
            check_profile(link)


def test_small_pictures_go_through_every_codec_that_is_drawn(film: Film) -> None:
    frames = film(1, (48, 48))
    codecs = set()
    for seed in range(400):
        rng = np.random.default_rng(seed)
        degradation = draw((48, 48), rng)
        if degradation.link is not None and degradation.link.codec != "h264":
            codecs.add(degradation.link.codec)
            degradation.apply(frames, rng)
    assert codecs == {"vp8", "vp9", "av1"}
