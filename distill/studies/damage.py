"""How the published systems damage sharp pictures before they restore them: blur, downscaling, noise.

Unlike `distill.damage.degradation`, none of them has a codec. Where a system names no range, the one here is
marked as ours; a wider one makes its task harder, a narrower one easier.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from distill.studies.bicubic import scale_bicubic
from vcam.errors import ConfigError

Rgb = npt.NDArray[Any]  # (H, W, 3) uint8, full range
Damaged = tuple[Rgb, str]  # of the input's size; and its damage class, one of DAMAGE_CLASSES
PublishedDegradation = Callable[[Rgb, np.random.Generator], Damaged]
_Float = npt.NDArray[Any]  # float32, in code values

BLUR_PX = (0.5, 2.5)  # standard deviation of Gaussian blur; ours
MOTION_PX = (3.0, 11.0)  # length of a motion's path; ours
DEFOCUS_PX = (1.0, 3.0)  # radius of the circle of confusion; ours
LIGHT_NOISE = (0.0, 3.0)  # standard deviation in code values; ours
SENSOR_NOISE = (1.0, 10.0)  # likewise; BSRGAN itself goes from 1 to 25


def gaussian_blur(picture: Rgb, rng: np.random.Generator) -> Damaged:
    """The CelebA system's "simulated blur", which gives neither kernel nor range: Gaussian, of BLUR_PX."""
    blurred = _blur(picture.astype(np.float32), float(rng.uniform(*BLUR_PX)))
    return _to_codes(blurred), "camera"


def bicubic_noise(picture: Rgb, rng: np.random.Generator) -> Damaged:
    """A part of BSRGAN's degradation: bicubic down by 2, 3 or 4, Gaussian noise of SENSOR_NOISE, bicubic up.

    Source: Zhang et al. 2021, arXiv:2103.14006; its further blurs, JPEG and shuffling are left out.
    """
    scale = int(rng.integers(2, 5))
    small = _shrink(picture.astype(np.float32), scale)
    # the small picture has integer code values too, as if transmitted
    noisy = np.clip(np.rint(_add_noise(small, SENSOR_NOISE, rng)), 0, 255).astype(np.float32)
    return _to_codes(scale_bicubic(noisy, _size(picture))), f"x{scale}"


def bicubic(picture: Rgb, rng: np.random.Generator) -> Damaged:
    """DIV2K's "bicubic x2" track with a light blur before it, Gaussian of 0.2..1.2 px (ours).

    Source: Agustsson and Timofte 2017, doi:10.1109/CVPRW.2017.150; its pictures were shrunk by MATLAB's
    imresize, which is `scale_bicubic`.
    """
    blurred = _blur(picture.astype(np.float32), float(rng.uniform(0.2, 1.2)))
    small = np.clip(np.rint(_shrink(blurred, 2)), 0, 255).astype(np.float32)
    return _to_codes(scale_bicubic(small, _size(picture))), "x2"


def bilinear_half(picture: Rgb, rng: np.random.Generator) -> Damaged:
    """The CIFAR-10 system's 32 to 16 to 32: bilinear down and up, no antialiasing, no rounding between.

    At exactly half, bilinear takes the mean of each 2x2: it is PyTorch's
    interpolate(mode="bilinear", align_corners=False) both ways, rounded to code values at the end.
    """
    height, width = picture.shape[:2]
    half = cv2.resize(picture.astype(np.float32), (width // 2, height // 2), interpolation=cv2.INTER_LINEAR)
    return _to_codes(cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR)), "x2"


def mixed_blur(picture: Rgb, rng: np.random.Generator) -> Damaged:
    """Lens blur, motion blur or defocus with equal probability, then light noise.

    Gaussian of BLUR_PX, straight motion of MOTION_PX at any angle, or a disc of DEFOCUS_PX; then noise of
    LIGHT_NOISE. It replaces the blurry pictures of a set of pairs that is not published.
    """
    sharp, choice = picture.astype(np.float32), rng.integers(3)
    if choice == 0:
        blurred = _blur(sharp, float(rng.uniform(*BLUR_PX)))
    elif choice == 1:
        kernel = motion_kernel(float(rng.uniform(*MOTION_PX)), float(rng.uniform(0, np.pi)))
        blurred = cv2.filter2D(sharp, -1, kernel)
    else:
        blurred = cv2.filter2D(sharp, -1, disc_kernel(float(rng.uniform(*DEFOCUS_PX))))
    return _to_codes(_add_noise(blurred, LIGHT_NOISE, rng)), "camera"


DEGRADATIONS: dict[str, PublishedDegradation] = {
    "gaussian-blur": gaussian_blur,
    "bicubic-noise": bicubic_noise,
    "bicubic": bicubic,
    "bilinear-half": bilinear_half,
    "mixed-blur": mixed_blur,
}


def check_degradation(name: str) -> str:
    """Return the name if it is one of DEGRADATIONS, else raise ConfigError."""
    if name not in DEGRADATIONS:
        found = f"no degradation {name!r}" if name else "[data] names no degradation"
        raise ConfigError(f"{found}; set [data] degradation to one of: {', '.join(DEGRADATIONS)}")
    return name


def motion_kernel(length_px: float, angle: float) -> _Float:
    """Kernel of straight motion blur, (K, K) with sum 1, K odd.

    angle   in radians, anticlockwise from the right
    """
    reach = int(np.ceil(length_px / 2)) + 1
    along = np.linspace(-length_px / 2, length_px / 2, 8 * int(np.ceil(length_px)) + 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for x, y in zip(reach + along * np.cos(angle), reach - along * np.sin(angle), strict=True):
        left, top = int(x), int(y)
        right, below = x - left, y - top
        share = np.outer([1 - below, below], [1 - right, right])
        kernel[top : top + 2, left : left + 2] += share.astype(np.float32)
    return kernel / kernel.sum()


def disc_kernel(radius_px: float) -> _Float:
    """Kernel of defocus: a uniform disc with a soft edge, (K, K) with sum 1, K odd."""
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def _blur(picture: _Float, sigma_px: float) -> _Float:
    return cv2.GaussianBlur(picture, (0, 0), sigma_px)


def _shrink(picture: _Float, scale: int) -> _Float:
    width, height = _size(picture)
    return scale_bicubic(picture, (width // scale, height // scale))


def _add_noise(picture: _Float, sigmas: tuple[float, float], rng: np.random.Generator) -> _Float:
    """Add white noise with a standard deviation drawn from a range, in code values."""
    return picture + rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(*sigmas))


def _size(picture: Rgb | _Float) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]


def _to_codes(picture: _Float) -> Rgb:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
