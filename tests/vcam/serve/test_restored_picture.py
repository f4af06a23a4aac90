"""What comes out of a picture file: its pixels restored, all that was beside them kept."""

import io

import av
import numpy as np
import pytest
from picture_files import KINDS, SIZE, exif_block, open_picture, picture, picture_file, srgb_profile
from PIL import Image, ImageCms
from stand_in import write_weights

from vcam.api.sharpener import Sharpener
from vcam.link.codec import unchanged_scheduling
from vcam.serve.kinds import KINDS as KINDS_BY_NAME
from vcam.serve.options import PictureOptions
from vcam.serve.picture import Beside, Restored, decode, restore_picture
from vcam.serve.refusal import RefusedError


@pytest.fixture(scope="module")
def sharp(tmp_path_factory: pytest.TempPathFactory) -> Sharpener:
    """Changes nothing but the size."""
    folder = tmp_path_factory.mktemp("weights")
    write_weights(folder, ["still"])
    return Sharpener(weights=folder, provider="cpu", threads=1)


def restore(sharp: Sharpener, content: bytes, **options: object) -> Restored:
    return restore_picture(content, PictureOptions.model_validate(options), lambda name: sharp)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_keeps_its_kind_and_doubles(sharp: Sharpener, kind: str) -> None:
    restored = restore(sharp, picture_file(kind))
    image = open_picture(restored.content)
    assert (image.format, image.size) == (kind.upper(), (128, 96))
    assert restored.media_type == f"image/{kind}"
    assert (restored.size, restored.model, restored.notes) == ((128, 96), "still", ())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
def test_exif_and_profile_survive_every_way(sharp: Sharpener, kind: str, wanted: str) -> None:
    content = picture_file(kind, exif=exif_block(1), icc_profile=srgb_profile())
    image = open_picture(restore(sharp, content, format=wanted).content)
    assert image.format == wanted.upper()
    assert image.getexif()[0x010F] == "Camera Works"
    assert image.getexif().get_ifd(0x8825)[1] == "N"
    assert image.getexif().get_ifd(0x8769)[0xA002] == 128
    assert image.info["icc_profile"] == srgb_profile()


@pytest.mark.parametrize("kind", KINDS)
def test_a_turned_picture_comes_out_upright_and_says_so(sharp: Sharpener, kind: str) -> None:
    image = open_picture(restore(sharp, picture_file(kind, exif=exif_block(6))).content)
    assert image.size == (96, 128)
    assert image.getexif().get(0x0112, 1) == 1
    above, below = (np.asarray(image.convert("RGB"))[row, 48] for row in (20, 108))
    assert above[0] > above[2]  # what was on the left
    assert below[0] < below[2]


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_opacity_survives(sharp: Sharpener, kind: str) -> None:
    image = open_picture(restore(sharp, picture_file(kind, picture("RGBA"), lossless=True)).content)
    assert image.mode == "RGBA"
    # 6: what lossy opacity and a scaled edge leave
    assert abs(int(np.asarray(image)[5, 64, 3]) - 64) <= 6
    assert np.asarray(image)[90, 64, 3] >= 249


def test_what_is_transparent_is_laid_on_white_where_there_is_no_opacity(sharp: Sharpener) -> None:
    restored = restore(sharp, picture_file("png", picture("RGBA")), format="jpeg")
    assert restored.notes == ("transparent parts are laid on white",)
    assert np.asarray(open_picture(restored.content))[5, 20].min() > 180


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA", "I;16"])
def test_every_mode_of_a_picture_is_read(sharp: Sharpener, mode: str) -> None:
    image = picture("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    kind = "jpeg" if mode == "CMYK" else "png"
    assert open_picture(restore(sharp, picture_file(kind, image)).content).size == (128, 96)


def test_a_grey_picture_keeps_its_grey_profile(sharp: Sharpener) -> None:
    profile = bytearray(srgb_profile())
    profile[16:20] = b"GRAY"
    restored = restore(sharp, picture_file("png", picture("L"), icc_profile=bytes(profile)))
    image = open_picture(restored.content)
    assert (image.mode, image.info["icc_profile"]) == ("L", bytes(profile))


def test_a_profile_for_other_colours_is_left_out_with_a_word(sharp: Sharpener) -> None:
    profile = bytearray(srgb_profile())
    profile[16:20] = b"CMYK"
    restored = restore(sharp, picture_file("jpeg", picture("CMYK"), icc_profile=bytes(profile)))
    assert "icc_profile" not in open_picture(restored.content).info
    assert restored.notes == ("the colour profile is left out: it is not for RGB",)


def test_a_profile_is_left_out_where_the_colours_become_others(sharp: Sharpener) -> None:
    picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 120, np.uint8), format="rgb24")
    picture = picture.reformat(format="yuv420p")
    picture.color_primaries, picture.color_trc, picture.colorspace = 9, 16, 9  # BT.2020, PQ
    out = io.BytesIO()
    with unchanged_scheduling(), av.open(out, "w", format="avif") as container:
        stream = container.add_stream("libsvtav1")
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        codec = stream.codec_context
        codec.color_primaries, codec.color_trc, codec.colorspace = 9, 16, 9
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    beside = Beside(profile=srgb_profile())
    decode(out.getvalue(), KINDS_BY_NAME["avif"], beside)
    assert (beside.profile, len(beside.notes)) == (b"", 1)


def test_colours_stay_what_they_were(sharp: Sharpener) -> None:
    pixels = np.asarray(open_picture(restore(sharp, picture_file("png")).content))
    # 3: rounding to limited range and 8 bits of 4:2:0
    assert np.abs(pixels[48, 20].astype(int) - (200, 40, 40)).max() <= 3
    assert np.abs(pixels[48, 108].astype(int) - (40, 40, 200)).max() <= 3


@pytest.mark.parametrize(
    ("options", "size"), [({"scale": 1}, SIZE), ({"size": "320x320"}, (320, 240)), ({"scale": 0.5}, (32, 24))]
)
def test_the_size_is_as_asked(sharp: Sharpener, options: dict[str, object], size: tuple[int, int]) -> None:
    assert restore(sharp, picture_file("png"), **options).size == size


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": 60}, "use at most scale 22.5"),
        ({"size": "1919x1080"}, "must be even"),
        ({"size": "4000x2000"}, "too large"),
        ({"size": "64x48", "scale": 2}, "leave one out"),
    ],
)
def test_a_size_that_cannot_be_is_refused(sharp: Sharpener, options: dict[str, object], words: str) -> None:
    with pytest.raises(RefusedError, match=words) as refused:
        restore(sharp, picture_file("png"), **options)
    assert refused.value.status == 422


@pytest.mark.parametrize("kind", ["webp", "avif", "png"])
def test_an_animated_picture_is_refused(sharp: Sharpener, kind: str) -> None:
    out = io.BytesIO()
    picture().save(out, kind.upper(), save_all=True, append_images=[Image.new("RGB", SIZE)])
    with pytest.raises(RefusedError, match=r"animated, .* convert it to MP4, and send") as refused:
        restore(sharp, out.getvalue())
    assert refused.value.status == 422


def test_a_phones_jpeg_with_a_second_picture_is_read(sharp: Sharpener) -> None:
    out = io.BytesIO()
    picture().save(out, "MPO", save_all=True, append_images=[picture(size=(32, 24))])
    assert restore(sharp, out.getvalue()).size == (128, 96)


def test_a_picture_too_small_for_a_frame_is_refused(sharp: Sharpener) -> None:
    with pytest.raises(RefusedError, match=r"expected sides of 16\.\.8192") as refused:
        restore(sharp, picture_file("png", picture(size=(8, 8))))
    assert refused.value.status == 422


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_and_never_a_bug(sharp: Sharpener, kind: str) -> None:
    rng = np.random.default_rng(2)
    whole = picture_file(kind, exif=exif_block(3), icc_profile=srgb_profile())
    refusals = []
    for _ in range(20):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 12)):
            content[place] = rng.integers(256)
        try:
            restore(sharp, bytes(content))
        except RefusedError as refused:
            refusals.append(refused)
    assert {refused.status for refused in refusals} <= {413, 415, 422}
    assert not any("/proc/" in str(refused) for refused in refusals)


def test_profiles_of_files_are_readable_by_others(sharp: Sharpener) -> None:
    content = picture_file("jpeg", icc_profile=srgb_profile())
    profile = open_picture(restore(sharp, content).content).info["icc_profile"]
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
