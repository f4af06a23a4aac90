"""Simulated webcams: grain, colour noise, fixed-pattern noise, row bands and mains flicker, then MJPG.

The steps in order: room light, lens blur, flicker, sensor noise and fixed pattern, rounding, JPEG. `Camera`
is the description; `Sensor` is the stage, with the state that carries over from frame to frame. Restored
pictures are compared with `Camera.light_on(frame)`: the scene in steady room light, because a restorer must
not brighten a dark room.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.frame import BLACK_Y, Frame, Plane

Field: TypeAlias = npt.NDArray[Any]  # (H, W) float32, in code values or of unit variance

MID_GREY = 128
WHITE_GRAIN_PX = 1.0
HALF_HEIGHT = 2 * np.sqrt(np.log(2))  # of exp(-(x / 2s)^2), the autocorrelation of noise blurred by s
HOT_CODES = (20, 90)  # added to hot pixels, code values
BAND_ROWS = 160  # height of a row band at 720 lines
SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Camera:
    """Parameters of a webcam; code values of BT.601 limited range.

    The variance of luma noise is read_noise^2 + shot_gain * (y - 16), with y as lit on the sensor.
    `repr` of this class is part of the keys of cached results: a new name would make them all invalid.
    Source: variance = gain * signal + read_noise^2, after Foi et al. 2008, doi:10.1109/TIP.2008.2001399.
    """

    blur_px: float = 0.8  # standard deviation of the lens blur; half of it for chroma, in chroma pixels
    read_noise: float = 3.0  # standard deviation of luma noise at black
    shot_gain: float = 0.0  # variance of luma noise per code value above black
    chroma_noise: float = 0.0  # standard deviation, both planes
    quality: int | None = 70  # MJPG, libjpeg's scale 1..100; None: raw
    light: float = 1.0  # room brightness: 0.5 is half as bright
    grain_px: float = WHITE_GRAIN_PX  # FWHM of the grain's autocorrelation; 1 is white noise
    persistence: float = 0.0  # AR(1) correlation of the noise with the previous frame's, 0 <= p < 1
    fixed_pattern: float = 0.0  # standard deviation of the fixed-pattern noise
    hot_pixels: float = 0.0  # fraction of the pixels
    bands: float = 0.0  # amplitude of drifting row bands, relative to the brightness
    flicker: float = 0.0  # amplitude of the whole picture's flicker, relative to the brightness
    light_hz: float = 100.0  # of flicker and bands: twice the mains frequency

    def light_on(self, frame: Frame) -> Frame:
        """The scene `frame` in the light of the room: the ground truth for what this camera records."""
        if self.light == 1:
            return frame
        codes = np.arange(256, dtype=np.float32) - BLACK_Y
        luma = np.where(codes > 0, codes * self.light, codes) + BLACK_Y
        return replace(
            frame,
            y=cv2.LUT(frame.y, np.rint(luma).astype(np.uint8)),
            u=cv2.LUT(frame.u, _chroma_table(self.light)),
            v=cv2.LUT(frame.v, _chroma_table(self.light)),
        )

    def truth(self, frames: Iterable[Frame]) -> list[Frame]:
        """The scene `frames` as a perfect camera would record them in the same light."""
        return [self.light_on(frame) for frame in frames]

    def shoot(self, frames: Iterable[Frame], rng: np.random.Generator) -> list[Frame]:
        """Record the scene `frames` in order; frame i of the result shows frame i."""
        sensor = Sensor(self, rng)
        return [sensor(frame) for frame in frames]


def _chroma_table(light: float) -> Plane:
    """Lookup table that reduces chroma with the light, as converting darker RGB would."""
    return np.rint((np.arange(256) - MID_GREY) * light + MID_GREY).astype(np.uint8)


class Sensor:
    """A stage that records frames with a camera; its state is the grain and the fixed pattern.

    rng  the only source of randomness: the same seed and sizes give the same pictures

    `is_cut` does not reset it, as it would not reset a real sensor. A change of size draws grain and fixed
    pattern again.
    """

    def __init__(self, camera: Camera, rng: np.random.Generator) -> None:
        self.camera = camera
        self._rng = rng
        self._phases = rng.uniform(0, 2 * np.pi, 2)
        self._grain: dict[str, Field] = {}
        self._pattern: Field | None = None

    def __call__(self, frame: Frame) -> Frame:
        """Record the scene `frame`; index, time and cut are kept."""
        camera = self.camera
        lit = camera.light_on(frame)
        blurred = blur(lit.y.astype(np.float32), camera.blur_px)
        signal = (blurred - BLACK_Y) * self._brightness(frame)  # (H, W) times (H, 1)
        seen = replace(
            frame,
            y=_to_plane(signal + BLACK_Y + self._luma_noise(signal)),
            u=self._chroma(lit.u, "u"),
            v=self._chroma(lit.v, "v"),
        )
        return seen if camera.quality is None else compress(seen, camera.quality)

    def _brightness(self, frame: Frame) -> Field:
        """Relative brightness of each row of this frame, (H, 1), about 1."""
        camera = self.camera
        turns = camera.light_hz * frame.captured_ns / SECOND_NS  # time from the frames' timestamps
        whole = camera.flicker * np.sin(2 * np.pi * turns + self._phases[0])
        rows = np.arange(frame.height, dtype=np.float32)[:, None] * (720 / frame.height / BAND_ROWS)
        bands = camera.bands * np.sin(2 * np.pi * (rows + turns) + self._phases[1])
        return (1 + whole + bands).astype(np.float32)

    def _luma_noise(self, signal: Field) -> Field:
        """Noise (H, W) for a signal above black, with the fixed pattern."""
        camera = self.camera
        variance = camera.read_noise**2 + camera.shot_gain * np.maximum(signal, 0)
        noise = self._correlated("y", signal.shape) * np.sqrt(variance)
        if camera.fixed_pattern or camera.hot_pixels:
            noise += self._fixed(signal.shape)
        return noise

    def _chroma(self, plane: Plane, name: str) -> Plane:
        sigma = self.camera.chroma_noise
        blurred = blur(plane.astype(np.float32), self.camera.blur_px / 2)
        return _to_plane(blurred + sigma * self._correlated(name, plane.shape) if sigma else blurred)

    def _correlated(self, name: str, shape: tuple[int, ...]) -> Field:
        """Unit-variance noise of a plane, correlated in space and with the previous frame."""
        drawn = grain(shape, self.camera.grain_px, self._rng)
        before, share = self._grain.get(name), self.camera.persistence
        if before is None or before.shape != shape or not share:
            self._grain[name] = drawn
        else:
            self._grain[name] = cv2.addWeighted(before, share, drawn, float(np.sqrt(1 - share**2)), 0)
        return self._grain[name]

    def _fixed(self, shape: tuple[int, ...]) -> Field:
        """The fixed-pattern noise (H, W), the same in every frame."""
        if self._pattern is None or self._pattern.shape != shape:
            camera = self.camera
            self._pattern = self._rng.standard_normal(shape, np.float32) * np.float32(camera.fixed_pattern)
            hot = self._rng.random(shape, np.float32) < camera.hot_pixels
            self._pattern[hot] += self._rng.uniform(*HOT_CODES, np.count_nonzero(hot)).astype(np.float32)
        return self._pattern


def grain(shape: tuple[int, ...], width_px: float, rng: np.random.Generator) -> Field:
    """Gaussian noise (H, W), mean 0, variance 1; FWHM of its autocorrelation is `width_px`."""
    white: Field = rng.standard_normal(shape, np.float32)
    if width_px <= WHITE_GRAIN_PX:
        return white
    sigma = width_px / 2 / HALF_HEIGHT
    kernel = cv2.getGaussianKernel(2 * int(np.ceil(3 * sigma)) + 1, sigma, cv2.CV_32F)
    kernel = kernel / np.linalg.norm(kernel)  # keeps the variance
    return cv2.sepFilter2D(white, cv2.CV_32F, kernel, kernel)


def blur(plane: Field, sigma: float) -> Field:
    return cv2.GaussianBlur(plane, (0, 0), sigma) if sigma > 0.05 else plane


def compress(frame: Frame, quality: int) -> Frame:
    """Compress a frame as MJPG at 4:2:0 and decode it; index, time and cut are kept."""
    jpeg = cv2.imencode(".jpg", to_bgr(frame), (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert bgr is not None
    return replace(from_bgr(bgr, frame.index, frame.captured_ns), is_cut=frame.is_cut)


def _to_plane(field: Field) -> Plane:
    return cv2.convertScaleAbs(np.maximum(field, 0))  # rounds, and clips at 255


CAMERAS = {
    # an ordinary webcam by daylight
    "W": Camera(blur_px=0.8, read_noise=3, quality=70),
    # a dim room, simulated by noise only
    "L": Camera(blur_px=1.0, read_noise=3, shot_gain=0.55, chroma_noise=3, quality=80),
    # a dim room in full: half the light at twice the gain, and every noise that is not white
    "N": Camera(
        blur_px=1.0,
        read_noise=3,
        shot_gain=1.1,
        chroma_noise=3,
        quality=80,
        light=0.5,
        grain_px=2.0,
        persistence=0.4,
        fixed_pattern=1.0,
        hot_pixels=5e-5,
        bands=0.015,
        flicker=0.015,
        light_hz=100,
    ),
}


def draw_camera(rng: np.random.Generator) -> Camera:
    """Draw a random webcam for training; two in five are in a dim room.

    The standard deviation of the noise at lit mid-grey is 0.7 to 7 in daylight and 3 to 14 in a dim room.
    """
    is_dim = rng.random() < 0.4
    light = float(rng.uniform(0.25, 0.5)) if is_dim else 1.0
    sigma = float(np.exp(rng.uniform(*np.log((3, 14) if is_dim else (0.7, 7)))))
    read_share = rng.uniform(0.1, 1.0)  # fraction of the variance at mid-grey
    return Camera(
        blur_px=float(rng.uniform(0.5, 1.3)),
        read_noise=float(sigma * np.sqrt(read_share)),
        shot_gain=float(sigma**2 * (1 - read_share) / ((MID_GREY - BLACK_Y) * light)),
        chroma_noise=float(sigma * rng.uniform(0, 0.6)),
        quality=int(rng.integers(60, 96)) if rng.random() < 0.8 else None,
        light=light,
        grain_px=_sometimes(rng, 2 / 3, 1, 4) or WHITE_GRAIN_PX,
        persistence=_sometimes(rng, 1 / 3, 0, 0.6),
        fixed_pattern=_sometimes(rng, 1 / 3, 0.2, 1.5),
        hot_pixels=_sometimes(rng, 1 / 4, 0, 1e-4),
        bands=_sometimes(rng, 1 / 5, 0, 0.03),
        flicker=_sometimes(rng, 1 / 5, 0, 0.03),
        light_hz=float(rng.choice([100.0, 119.9])),  # 60 Hz mains are not an exact multiple of 30 fps
    )


def _sometimes(rng: np.random.Generator, chance: float, low: float, high: float) -> float:
    """A value between `low` and `high` with probability `chance`, otherwise 0."""
    value, is_there = float(rng.uniform(low, high)), rng.random() < chance
    return value if is_there else 0.0
