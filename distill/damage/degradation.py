"""What degrades a picture on its way to the receiver: a poor camera, a link, both or neither."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from distill.damage.cameras import Camera, compress
from vcam.frame import Frame, Plane, Size, resize
from vcam.link import Link, LinkProfile

FPS = 30
SMALLEST_AV1 = 64 * 64  # pixels: SVT-AV1 accepts a bitrate only from this size on
DAMAGE_CLASSES = (
    "clean",
    "camera",
    "x1",
    "x2",
    "x3",
    "x4",
)  # by dominant damage; xN: link of scale N


@dataclass(frozen=True)
class PoorCamera:
    """A simple webcam: lens blur, white sensor noise, and MJPG compression.

    distill.damage.cameras simulates more of a webcam. `repr` of this class, of `Degradation` and of `Camera`
    is part of the keys of cached results.
    """

    blur_px: float = 0.8  # standard deviation of the lens blur
    noise: float = 3.0  # standard deviation of the sensor noise at mid-grey, in code values
    quality: int = 70  # libjpeg's scale, 1..100

    def shoot(self, frames: Iterable[Frame], rng: np.random.Generator) -> list[Frame]:
        """Record the scene `frames` in order."""
        return [add_camera_damage(frame, self, rng) for frame in frames]


@dataclass(frozen=True)
class Degradation:
    """A camera, then downscaling by `scale`, then a codec; each may be absent."""

    camera: PoorCamera | Camera | None = None
    scale: float = 1.0
    link: LinkProfile | None = None

    @property
    def kind(self) -> str:
        """Its damage class, one of DAMAGE_CLASSES; of a link by its scale, rounded up."""
        if self.link is None:
            return "clean" if self.camera is None else "camera"
        return f"x{min(4, math.ceil(self.scale))}"

    def truth(self, frames: Sequence[Frame]) -> list[Frame]:
        """The ground truth of a clip: the frames, in the light of the camera's room."""
        return self.camera.truth(frames) if isinstance(self.camera, Camera) else list(frames)

    def apply(self, frames: Sequence[Frame], rng: np.random.Generator) -> list[Frame]:
        """Degrade a clip; frame i of the result shows frame i, at the degraded size."""
        seen = list(frames) if self.camera is None else self.camera.shoot(frames, rng)
        if self.link is not None:
            width, height = (max(16, round(side / self.scale / 2) * 2) for side in seen[0].size)
            # a link scales down into its box and never up: a box of the exact size keeps the size
            seen = [resize(frame, (width, height)) for frame in seen]
            with Link(replace(self.link, width=width, height=height), rng) as link:
                seen = [link(frame) for frame in seen]
        return seen


def add_camera_damage(frame: Frame, camera: PoorCamera, rng: np.random.Generator) -> Frame:
    """Record a frame with a poor camera: blur, then noise, then JPEG at 4:2:0."""
    noisy = replace(
        frame,
        y=add_noise(_blur(frame.y, camera.blur_px), camera.noise, rng),
        u=add_noise(_blur(frame.u, camera.blur_px / 2), camera.noise / 2, rng),
        v=add_noise(_blur(frame.v, camera.blur_px / 2), camera.noise / 2, rng),
    )
    return compress(noisy, camera.quality)


def _blur(plane: Plane, sigma: float) -> Plane:
    return cv2.GaussianBlur(plane, (0, 0), sigma) if sigma > 0.05 else plane


def add_noise(plane: Plane, sigma: float, rng: np.random.Generator) -> Plane:
    """Add sensor noise to an (H, W) uint8 plane; half of the variance at mid-grey is shot noise.

    Source: variance = gain * signal + read_noise**2, after Foi et al. 2008, doi:10.1109/TIP.2008.2001399.
    """
    if sigma == 0:
        return plane
    spread = np.sqrt(sigma**2 * (0.5 + 0.5 * plane.astype(np.float32) / 128))
    noise = rng.standard_normal(plane.shape, dtype=np.float32) * spread
    return np.clip(np.rint(plane + noise), 0, 255).astype(np.uint8)


def draw(size: Size, rng: np.random.Generator) -> Degradation:
    """Draw the degradation of a training clip of (width, height): a call, a webcam or none."""
    chance = rng.random()
    if chance < 0.10:
        return Degradation()
    if chance < 0.28:
        return Degradation(camera=_draw_camera(rng))
    return draw_linked(size, rng)


def draw_linked(size: Size, rng: np.random.Generator) -> Degradation:
    """Draw a link, in 15% of cases after a poor camera."""
    odd_scale = rng.uniform(1.2, 1.7)
    scale = float(rng.choice([1.0, odd_scale, 2.0, 3.0, 4.0], p=[0.2, 0.1, 0.32, 0.24, 0.14]))
    camera = _draw_camera(rng) if rng.random() < 0.15 else None
    return Degradation(camera, scale, _draw_link(size[0] * size[1] / scale**2, rng))


def draw_nearly_clean(size: Size, rng: np.random.Generator) -> Degradation:
    """Draw a link that leaves a picture of (width, height) so good that it can hardly be made better."""
    scale = float(rng.choice([1.0, 1.25, 1.5, 2.0], p=[0.5, 0.17, 0.17, 0.16]))
    codec = str(rng.choice(["h264", "vp8", "vp9"], p=[0.55, 0.35, 0.10]))
    pixels = size[0] * size[1] / scale**2
    low, high = {"h264": (8, 26), "vp9": (10, 34)}.get(codec, (0, 0))
    link = LinkProfile(
        "drawn",
        codec,
        kbps=float(rng.uniform(0.12, 0.7)) * pixels * FPS / 1000,
        crf=int(rng.integers(low, high)) if high else None,
        fps=FPS,
        preset=str(rng.choice(["superfast", "veryfast"])),
    )
    return Degradation(None, scale, link)


def draw_webcam(rng: np.random.Generator) -> Degradation:
    """Draw a poor webcam on the sender's side, without a link; 10% stay clean."""
    if rng.random() < 0.10:
        return Degradation()
    return Degradation(camera=replace(_draw_camera(rng), quality=int(rng.integers(50, 91))))


def _draw_camera(rng: np.random.Generator) -> PoorCamera:
    return PoorCamera(
        blur_px=float(rng.uniform(0.2, 1.2)),
        noise=float(rng.uniform(0.5, 5.5)),
        quality=int(rng.integers(50, 93)),
    )


def _draw_link(pixels: float, rng: np.random.Generator) -> LinkProfile:
    """Draw a codec at constant quality or at a bitrate; real-time VP8 of libvpx only knows a bitrate.

    From very bad lines to invisible damage: a student trained on bad lines only harms good ones.
    """
    codec = str(rng.choice(["h264", "vp8", "vp9", "av1"], p=[0.70, 0.20, 0.06, 0.04]))
    preset = str(rng.choice(["superfast", "veryfast"], p=[0.2, 0.8]))
    bits_per_pixel = float(np.exp(rng.uniform(np.log(0.02), np.log(0.5))))
    low, high = {"h264": (14, 40), "vp9": (22, 56), "av1": (22, 56)}.get(codec, (0, 0))
    is_too_small_for_a_rate = codec == "av1" and pixels < SMALLEST_AV1
    is_constant_quality = codec != "vp8" and (rng.random() < 0.75 or is_too_small_for_a_rate)
    return LinkProfile(
        "drawn",
        codec,
        kbps=max(8.0, bits_per_pixel * pixels * FPS / 1000),
        crf=int(rng.integers(low, high)) if is_constant_quality else None,
        fps=FPS,
        preset=preset,
    )
