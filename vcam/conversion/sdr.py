"""HDR pictures and wide gamuts become what every screen shows: BT.709's range and primaries."""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, VideoReformatter

from vcam.conversion.colour import HDR, matrix_of

Curve: TypeAlias = npt.NDArray[np.float64]

BITS = 12  # of R, G and B on their way
CODES = 1 << BITS
LIGHT_STEPS = 1 << 16
WHITE_NITS = 203  # of HDR, where SDR is white: ITU-R BT.2408
PEAK_NITS = 1000  # what is brighter is shown like this: HLG's display, and what most PQ is made on
SCREEN_GAMMA = 2.4  # of an SDR screen: ITU-R BT.1886

D65 = (0.3127, 0.3290)
BT709 = (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)
BT2020 = (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)
P3 = (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)
WIDE: dict[int, tuple[tuple[float, float], ...]] = {  # x, y of R, G and B
    ColorPrimaries.BT2020: BT2020,
    ColorPrimaries.SMPTE432: P3,
}


def needs_mapping(picture: VideoFrame) -> bool:
    """Whether a picture has HDR's curve or primaries that an SDR screen does not have."""
    return picture.color_trc in HDR or picture.color_primaries in WIDE


class SdrMapper:
    """Makes SDR of pictures; keeps the tables of their kind."""

    def __init__(self) -> None:
        self._kind: object = None
        self._light = self._matrix = np.empty(0, np.float32)
        self._code = np.empty(0, np.uint8)
        self._reformat = VideoReformatter().reformat

    def __call__(self, picture: VideoFrame) -> VideoFrame:
        """The picture with BT.709's primaries, for an SDR screen: rgb24; as it is, if it is that already.

        Each of R, G and B is compressed by itself, see `compress`; colours that a screen does not have are
        clipped.
        """
        kind = picture.color_trc, picture.color_primaries
        if not needs_mapping(picture):
            return picture
        if kind != self._kind:
            self._light = make_light_table(kind[0])
            self._matrix = primaries_matrix(WIDE.get(kind[1], BT2020)).astype(np.float32)
            self._code = make_code_table()
            self._kind = kind
        light = cv2.transform(self._light.take(self._rgb(picture), mode="clip"), self._matrix)
        steps = np.rint(np.clip(light, 0, 1) * (LIGHT_STEPS - 1)).astype(np.uint16)
        return VideoFrame.from_ndarray(self._code.take(steps, mode="clip"), format="rgb24")

    def _rgb(self, picture: VideoFrame) -> npt.NDArray[np.uint16]:
        """(H, W, 3) of BITS each."""
        is_full = picture.color_range == ColorRange.JPEG or picture.format.is_rgb
        rgb = self._reformat(
            picture,
            format=f"gbrp{BITS}le",
            src_colorspace=matrix_of(picture),
            src_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        return rgb.to_ndarray().view(np.uint16)


def make_light_table(transfer: int) -> npt.NDArray[np.float32]:
    """The light of each code value on an SDR screen, (CODES,), 0..1."""
    signal = np.linspace(0, 1, CODES)
    if transfer == ColorTrc.ARIB_STD_B67:
        light = compress(hlg_light(signal)) / WHITE_NITS
    elif transfer == ColorTrc.SMPTE2084:
        light = compress(pq_light(signal)) / WHITE_NITS
    else:
        light = signal**SCREEN_GAMMA
    return light.astype(np.float32)


def make_code_table() -> npt.NDArray[np.uint8]:
    """The 8-bit code value that shows each step of light, (LIGHT_STEPS,)."""
    return np.rint(255 * np.linspace(0, 1, LIGHT_STEPS) ** (1 / SCREEN_GAMMA)).astype(np.uint8)


def hlg_light(signal: Curve) -> Curve:
    """HLG, 0..1, in cd/m² on a display of PEAK_NITS: ITU-R BT.2100-2, its gamma for each component."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return PEAK_NITS * np.clip(scene, 0, 1) ** 1.2


M1, M2, C1, C2, C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # PQ in BT.2100-2


def pq_light(signal: Curve) -> Curve:
    """PQ, 0..1, in cd/m²."""
    root = signal ** (1 / M2)
    return 10_000 * (np.maximum(root - C1, 0) / (C2 - C3 * root)) ** (1 / M1)


def pq_signal(light: npt.ArrayLike) -> Curve:
    """The inverse of pq_light."""
    power = (np.asarray(light, np.float64) / 10_000) ** M1
    return ((C1 + C2 * power) / (1 + C3 * power)) ** M2


def compress(light: Curve) -> Curve:
    """cd/m² of a display of PEAK_NITS on one of WHITE_NITS: the EETF of ITU-R BT.2390-11, 5.4.1.

    Nothing changes below 92 cd/m². Black stays 0.
    """
    peak = pq_signal(PEAK_NITS)
    signal = np.minimum(pq_signal(light) / peak, 1)
    white = pq_signal(WHITE_NITS) / peak
    knee = 1.5 * white - 0.5
    t = (signal - knee) / (1 - knee)
    rolled = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    )
    return pq_light(np.where(signal < knee, signal, rolled) * peak)


def primaries_matrix(primaries: tuple[tuple[float, float], ...]) -> Curve:
    """The (3, 3) matrix from light of these primaries to light of BT.709's."""
    return np.linalg.inv(_to_xyz(BT709)) @ _to_xyz(primaries)


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> Curve:
    """The (3, 3) matrix to CIE XYZ, with D65 as white: SMPTE RP 177."""
    columns, white = (np.array([(x / y, 1, (1 - x - y) / y) for x, y in xy]).T for xy in (primaries, (D65,)))
    return columns * np.linalg.solve(columns, white).T
