import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from distill.damage.degradation import DAMAGE_CLASSES
from distill.studies.damage import (
    DEGRADATIONS,
    Rgb,
    bicubic_noise,
    bilinear_half,
    check_degradation,
    disc_kernel,
    gaussian_blur,
    mixed_blur,
    motion_kernel,
)
from vcam.errors import ConfigError
from vcam.metrics import psnr

SIDE = 48


@pytest.fixture(scope="module")
def cloth() -> Rgb:
    """Fine texture (48, 48, 3), away from black and white: nothing is clipped."""
    noise = np.random.default_rng(0).standard_normal((SIDE, SIDE, 3)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 0.7)
    return np.clip(128 + 30 * fine / fine.std(), 16, 235).astype(np.uint8)


def contrast(picture: Rgb) -> float:
    return float(cv2.Laplacian(picture, cv2.CV_32F).var())


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_each_damages_a_picture_and_leaves_its_size(name: str, cloth: Rgb) -> None:
    before = cloth.copy()
    for seed in range(8):
        seen, kind = DEGRADATIONS[name](cloth, np.random.default_rng(seed))
        assert (seen.shape, seen.dtype) == (cloth.shape, np.uint8)
        assert kind in DAMAGE_CLASSES[1:]
        # a light blur of fine cloth costs 2 code values; the worst keeps more than a grey picture would
        assert 18 < psnr(seen, cloth) < 42
    np.testing.assert_array_equal(cloth, before)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_the_same_seed_damages_alike(name: str, cloth: Rgb) -> None:
    (first, _), (again, _) = (DEGRADATIONS[name](cloth, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("name", sorted(set(DEGRADATIONS) - {"bilinear-half"}))
def test_damage_differs_from_draw_to_draw(name: str, cloth: Rgb) -> None:
    drawn = [DEGRADATIONS[name](cloth, np.random.default_rng(seed))[0] for seed in range(4)]
    assert len({seen.tobytes() for seen in drawn}) == 4


def test_bilinear_half_is_what_pytorch_makes(cloth: Rgb) -> None:
    tensor = torch.from_numpy(cloth).permute(2, 0, 1)[None].float()
    half = F.interpolate(tensor, scale_factor=0.5, mode="bilinear", align_corners=False)
    assert torch.equal(half, F.avg_pool2d(tensor, 2))  # no antialiasing, and none needed: means of 2x2
    expected = F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)[0].permute(1, 2, 0)
    seen, kind = bilinear_half(cloth, np.random.default_rng(0))
    assert kind == "x2"
    assert np.abs(seen - expected.numpy()).max() <= 0.501  # rounding to code values, and float32


def test_all_scales_of_bicubic_noise_are_drawn_and_larger_ones_lose_more(cloth: Rgb) -> None:
    found: dict[str, list[float]] = {}
    for seed in range(60):
        seen, kind = bicubic_noise(cloth, np.random.default_rng(seed))
        found.setdefault(kind, []).append(psnr(seen, cloth))
    assert set(found) == {"x2", "x3", "x4"}
    assert np.mean(found["x2"]) > np.mean(found["x3"]) > np.mean(found["x4"])


def test_a_wider_blur_takes_more_contrast_away(cloth: Rgb) -> None:
    drawn = [gaussian_blur(cloth, np.random.default_rng(seed))[0] for seed in range(20)]
    assert max(map(contrast, drawn)) < contrast(cloth)
    assert max(map(contrast, drawn)) > 10 * min(map(contrast, drawn))


def test_mixed_blur_does_not_move_the_picture(cloth: Rgb) -> None:
    wide = cv2.GaussianBlur(cloth, (0, 0), 3)
    for seed in range(12):
        seen = cv2.GaussianBlur(mixed_blur(cloth, np.random.default_rng(seed))[0], (0, 0), 3)
        inside = np.s_[8:-8, 8:-8]
        at_place = psnr(seen[inside], wide[inside])
        moved = psnr(np.roll(seen, 2, 1)[inside], wide[inside])
        assert at_place > moved


@pytest.mark.parametrize("length", [3.0, 6.5, 11.0])
@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 2, 2.5])
def test_a_motion_is_centred_even_and_as_long_as_told(length: float, angle: float) -> None:
    kernel = motion_kernel(length, angle)
    reach = len(kernel) // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    assert kernel.shape[0] == kernel.shape[1] == 2 * reach + 1
    assert kernel.sum() == pytest.approx(1, abs=1e-5)  # float32
    assert (kernel * x).sum() == pytest.approx(0, abs=1e-4)
    assert (kernel * y).sum() == pytest.approx(0, abs=1e-4)
    # the variance of an even line is its length squared by 12; bilinear splatting adds up to 1/6 an axis
    along = (kernel * (x * np.cos(angle) - y * np.sin(angle)) ** 2).sum()
    assert length**2 / 12 <= along < length**2 / 12 + 0.5
    across = (kernel * (x * np.sin(angle) + y * np.cos(angle)) ** 2).sum()
    assert across < 0.26  # of splatting at most 1/4


@pytest.mark.parametrize("radius", [1.0, 1.7, 3.0])
def test_a_disc_is_even_round_and_as_wide_as_told(radius: float) -> None:
    kernel = disc_kernel(radius)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)  # float32
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(kernel, kernel[::-1, ::-1])
    # its middle weighs as much as one pixel of the disc's area; the soft rim is good for a fifth
    assert 1 / kernel.max() == pytest.approx(np.pi * radius**2, rel=0.2)


@pytest.mark.parametrize(("name", "words"), [("fog", "no degradation 'fog'"), ("", "names no degradation")])
def test_an_unknown_degradation_is_refused_with_the_known_ones(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"{words}; set .* one of: gaussian-blur, bicubic-noise"):
        check_degradation(name)
