import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from test_picture import assert_colour
from video_files import flat_picture

from vcam.conversion.alpha import lay_on_white
from vcam.conversion.pyav import Converter, to_frame
from vcam.conversion.sdr import (
    BT2020,
    PEAK_NITS,
    WHITE_NITS,
    SdrMapper,
    compress,
    hlg_light,
    pq_light,
    pq_signal,
    primaries_matrix,
)

HLG, PQ, SDR = ColorTrc.ARIB_STD_B67, ColorTrc.SMPTE2084, ColorTrc.BT709
TOLERANCE = 3  # 8-bit RGB: 10 bits of the input, 12 on the way, and chroma at half size


def tagged_picture(
    rgb: tuple[float, float, float], transfer: ColorTrc, primaries: ColorPrimaries = ColorPrimaries.BT2020
) -> VideoFrame:
    """A flat yuv420p10 picture, BT.2020 limited, of R, G and B as coded, 0..1."""
    luma = float(np.dot((0.2627, 0.6780, 0.0593), rgb))
    levels = 64 + 876 * luma, 512 + 896 * (rgb[2] - luma) / 1.8814, 512 + 896 * (rgb[0] - luma) / 1.4746
    picture = VideoFrame(64, 48, "yuv420p10le")
    for plane, level in zip(picture.planes, levels, strict=True):
        plane.update(np.full(plane.buffer_size // 2, round(level), np.uint16).tobytes())
    picture.colorspace, picture.color_range = Colorspace.BT2020, ColorRange.MPEG
    picture.color_trc, picture.color_primaries = transfer, primaries
    return picture


def shown(picture: VideoFrame) -> list[int]:
    """R, G and B of a flat picture as an SDR screen has it."""
    rgb = SdrMapper()(picture)
    assert rgb.format.name == "rgb24"
    return [int(value) for value in rgb.to_ndarray()[24, 32]]


def test_pq_and_hlg_are_those_of_the_standards() -> None:
    assert pq_signal(100) == pytest.approx(0.5081, abs=1e-4)
    assert pq_light(np.array([0.7518]))[0] == pytest.approx(1000, rel=1e-3)
    assert hlg_light(np.array([0.75]))[0] == pytest.approx(WHITE_NITS, rel=5e-3)
    assert hlg_light(np.array([0, 1])) == pytest.approx([0, PEAK_NITS], abs=0.1)


def test_dark_and_middle_tones_stay_and_bright_ones_are_compressed() -> None:
    nits = np.array([0, 1, 10, 50, 90])
    assert compress(nits) == pytest.approx(nits, rel=1e-3, abs=1e-4)
    bright = compress(np.array([90.0, 150, 203, 400, 700, PEAK_NITS, 4000]))
    assert (np.diff(bright[:-1]) > 0).all()
    assert bright[-2:] == pytest.approx([WHITE_NITS, WHITE_NITS])


def test_the_matrix_of_bt2020_is_that_of_bt2087() -> None:
    expected = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    assert primaries_matrix(BT2020) == pytest.approx(np.array(expected), abs=1e-4)


@pytest.mark.parametrize(
    ("transfer", "signal"), [(HLG, 0.6317), (PQ, float(pq_signal(100)))], ids=["HLG", "PQ"]
)
def test_a_grey_below_white_is_as_bright_as_in_sdr(transfer: ColorTrc, signal: float) -> None:
    # 100 of 203 cd/m², on a screen with a gamma of 2.4
    assert shown(tagged_picture((signal, signal, signal), transfer)) == pytest.approx([189] * 3, abs=2)


@pytest.mark.parametrize("transfer", [HLG, PQ])
def test_highlights_stay_apart(transfer: ColorTrc) -> None:
    white, light, peak = (shown(tagged_picture((s, s, s), transfer))[0] for s in (0.58, 0.68, 0.75))
    assert white < light < peak


def test_a_green_beyond_the_screens_is_its_own_green() -> None:
    red, green, blue = shown(tagged_picture((0.2, 0.6, 0.1), HLG))
    assert (red, blue) == (0, 0)
    assert green > 150


def test_sdr_of_a_wide_gamut_keeps_greys_and_gains_colour() -> None:
    assert shown(tagged_picture((0.5, 0.5, 0.5), SDR)) == pytest.approx([128] * 3, abs=TOLERANCE)
    red, green, blue = shown(tagged_picture((0.5, 0.4, 0.4), SDR))
    assert red > 132
    assert max(green, blue) < 103
    p3 = tagged_picture((0.5, 0.4, 0.4), SDR, ColorPrimaries.SMPTE432)
    assert red > shown(p3)[0] > 128


def test_hdr_without_a_matrix_has_that_of_bt2020() -> None:
    picture = tagged_picture((0.2, 0.6, 0.1), HLG)
    expected = shown(picture)
    picture.colorspace = 2
    assert shown(picture) == expected


def test_a_frame_of_hdr_is_what_the_screen_shows() -> None:
    picture = tagged_picture((0.55, 0.4, 0.3), HLG)
    red, green, blue = shown(picture)
    assert_colour(to_frame(picture, 0, 0), (red, green, blue))


def test_sdr_passes_as_it_is() -> None:
    picture = flat_picture((64, 48), (100, 90, 80))
    assert SdrMapper()(picture) is picture


def test_what_is_kept_for_one_kind_is_not_taken_for_another() -> None:
    converter = Converter()
    pictures = [tagged_picture((0.5, 0.4, 0.3), transfer) for transfer in (HLG, PQ, SDR, HLG)]
    together = [to_frame(picture, 0, 0, converter=converter).y for picture in pictures]
    for luma, picture in zip(together, pictures, strict=True):
        assert (luma == to_frame(picture, 0, 0).y).all()


def test_hdr_that_is_transparent_is_hdr_on_white() -> None:
    pixels = np.full((48, 64, 4), (120, 120, 120, 255), np.uint8)
    pixels[0, 0, 3] = 0
    picture = VideoFrame.from_ndarray(pixels, format="rgba")
    picture.color_trc = PQ
    assert lay_on_white(picture).color_trc == PQ
