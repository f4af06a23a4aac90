"""Webcams as people own them: grain, colour noise, fixed pattern, row bands and mains light, then MJPG.

What a camera does to a scene, in its order: the room's light, the lens' blur, the light's flicker, the
sensor's noise and its fixed pattern, rounding, JPEG. `Camera` is the description, `Sensor` the stage that
holds what lasts from one frame to the next. The truth that a restored picture is compared with is
`Camera.light_on(frame)`: the scene in the room's steady light, since a restorer is not to brighten a room.
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
HALF_HEIGHT = 2 * np.sqrt(np.log(2))  # of exp(-(x / 2s)^2), the autocorrelation behind a Gaussian of s
HOT_CODES = (20, 90)  # by how much a hot pixel is too bright
BAND_ROWS = 160  # height of a row band at 720 lines
SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Camera:
    """What a webcam does to a scene; code values of BT.601 limited range.

    The noise of luma has the variance read_noise^2 + shot_gain * (y - 16), y as it falls on the sensor.
    Source: variance = gain * signal + read_noise^2, after Foi et al. 2008, doi:10.1109/TIP.2008.2001399.
    """

    blur_px: float = 0.8  # standard deviation of the lens' point spread; of chroma's, in its pixels, half
    read_noise: float = 3.0  # standard deviation of luma noise at black
    shot_gain: float = 0.0  # variance of luma noise for each code value above black
    chroma_noise: float = 0.0  # standard deviation, both planes
    quality: int | None = 70  # MJPG, libjpeg's scale 1..100; None: raw
    light: float = 1.0  # of the room: 0.5 is half as bright
    grain_px: float = WHITE_GRAIN_PX  # width at half height of the grain's autocorrelation; 1 is white
    persistence: float = 0.0  # correlation of the noise with the last frame's, AR(1), 0 or more and under 1
    fixed_pattern: float = 0.0  # standard deviation of what is wrong with each pixel for ever
    hot_pixels: float = 0.0  # share of the pixels
    bands: float = 0.0  # amplitude of drifting row bands, as a share of the brightness
    flicker: float = 0.0  # amplitude of the whole picture's brightness, as a share
    light_hz: float = 100.0  # of the flicker and the bands: twice the mains' frequency

    def light_on(self, frame: Frame) -> Frame:
        """The scene as the room's light shows it: the truth behind what this camera sees of `frame`."""
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
        """What a perfect camera would see of the scene `frames`, in the light of this one's room."""
        return [self.light_on(frame) for frame in frames]

    def shoot(self, frames: Iterable[Frame], rng: np.random.Generator) -> list[Frame]:
        """Film the scene `frames`, in order: frame i of the result is what is seen of frame i."""
        sensor = Sensor(self, rng)
        return [sensor(frame) for frame in frames]


def _chroma_table(light: float) -> Plane:
    """Colours fade with the light, as the conversion of darker RGB would have it."""
    return np.rint((np.arange(256) - MID_GREY) * light + MID_GREY).astype(np.uint8)


class Sensor:
    """A stage that films one frame after the other with a camera; it holds grain and fixed pattern.

    rng  the only source of randomness: the same seed and the same sizes give the same pictures

    A change of size or `is_cut` does not reset it: a sensor does not know of either, but its grain and fixed
    pattern are drawn again where the size changes.
    """

    def __init__(self, camera: Camera, rng: np.random.Generator) -> None:
        self.camera = camera
        self._rng = rng
        self._phases = rng.uniform(0, 2 * np.pi, 2)
        self._grain: dict[str, Field] = {}
        self._pattern: Field | None = None

    def __call__(self, frame: Frame) -> Frame:
        """Film the scene `frame`; index, time and cut stay."""
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
        """The light that each row of this frame gets, (H, 1), about 1."""
        camera = self.camera
        turns = camera.light_hz * frame.captured_ns / SECOND_NS  # the frames' own time
        whole = camera.flicker * np.sin(2 * np.pi * turns + self._phases[0])
        rows = np.arange(frame.height, dtype=np.float32)[:, None] * (720 / frame.height / BAND_ROWS)
        bands = camera.bands * np.sin(2 * np.pi * (rows + turns) + self._phases[1])
        return (1 + whole + bands).astype(np.float32)

    def _luma_noise(self, signal: Field) -> Field:
        """Noise of (H, W) for a signal above black, and the fixed pattern."""
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
        """Unit noise of a plane, correlated as the camera's grain is, in space and with the last frame's."""
        drawn = grain(shape, self.camera.grain_px, self._rng)
        before, share = self._grain.get(name), self.camera.persistence
        if before is None or before.shape != shape or not share:
            self._grain[name] = drawn
        else:
            self._grain[name] = cv2.addWeighted(before, share, drawn, float(np.sqrt(1 - share**2)), 0)
        return self._grain[name]

    def _fixed(self, shape: tuple[int, ...]) -> Field:
        """What is wrong with each pixel of (H, W) in every frame."""
        if self._pattern is None or self._pattern.shape != shape:
            camera = self.camera
            self._pattern = self._rng.standard_normal(shape, np.float32) * np.float32(camera.fixed_pattern)
            hot = self._rng.random(shape, np.float32) < camera.hot_pixels
            self._pattern[hot] += self._rng.uniform(*HOT_CODES, np.count_nonzero(hot)).astype(np.float32)
        return self._pattern


def grain(shape: tuple[int, ...], width_px: float, rng: np.random.Generator) -> Field:
    """Normal noise of (H, W), mean 0, variance 1; its autocorrelation is `width_px` wide at half height."""
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
    """A frame as it comes out of MJPG at 4:2:0; index, time and cut stay."""
    jpeg = cv2.imencode(".jpg", to_bgr(frame), (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert bgr is not None
    return replace(from_bgr(bgr, frame.index, frame.captured_ns), is_cut=frame.is_cut)


def _to_plane(field: Field) -> Plane:
    return cv2.convertScaleAbs(np.maximum(field, 0))  # rounds, and clips at 255


CAMERAS = {
    # an ordinary webcam by daylight
    "W": Camera(blur_px=0.8, read_noise=3, quality=70),
    # a dim room, as noise alone
    "L": Camera(blur_px=1.0, read_noise=3, shot_gain=0.55, chroma_noise=3, quality=80),
    # a dim room as webcams show it: half the light at twice the gain, and all that is not white noise
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
    """Draw a webcam to train on, two in five of them in a dim room.

    The noise at mid-grey, as lit, has a standard deviation of 0.7 to 7 by daylight, of 3 to 14 in a dim room.
    """
    is_dim = rng.random() < 0.4
    light = float(rng.uniform(0.25, 0.5)) if is_dim else 1.0
    sigma = float(np.exp(rng.uniform(*np.log((3, 14) if is_dim else (0.7, 7)))))
    read_share = rng.uniform(0.1, 1.0)  # of the variance at mid-grey
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
        light_hz=float(rng.choice([100.0, 119.9])),  # mains of 60 Hz are no multiple of 30 frames a second
    )


def _sometimes(rng: np.random.Generator, chance: float, low: float, high: float) -> float:
    """A value between `low` and `high` with a chance, else 0."""
    value, is_there = float(rng.uniform(low, high)), rng.random() < chance
    return value if is_there else 0.0
