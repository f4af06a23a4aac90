"""What a picture file has beside its pixels goes on into the restored one."""

import io
import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

import vcam
from vcam.media import beside
from vcam.media.beside import Beside, read_beside
from vcam.media.exif import PREFIX

Image = pytest.importorskip("PIL.Image")
ImageCms = pytest.importorskip("PIL.ImageCms")
needs_opencv = pytest.mark.skipif(not beside.can_keep(), reason="OpenCV before 4.13 drops profiles")
ORIENTATION, DESCRIPTION, WIDTH = 0x0112, 0x010E, 0x0100


@cache  # it has the second of its making in it
def profile() -> bytes:
    content: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content


def picture(path: Path, turned: int = 1) -> Path:
    """48 wide and 32 high, with a description, a width and an orientation."""
    noise = np.random.default_rng(0).integers(90, 160, (32, 48, 3), np.uint8)
    exif = Image.Exif()
    exif[DESCRIPTION], exif[ORIENTATION], exif[WIDTH] = "a face", turned, 48
    Image.fromarray(noise).save(path, exif=exif.tobytes(), icc_profile=profile())
    return path


@needs_opencv
@pytest.mark.parametrize("source", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".webp"])
def test_exif_and_profile_go_on_and_the_exif_block_follows(
    tmp_path: Path, source: str, target: str, sharp: vcam.Sharpener
) -> None:
    out = tmp_path / f"out{target}"
    assert sharp.still(picture(tmp_path / f"in{source}", turned=6), out, scale=2) == []
    with Image.open(out) as restored:
        exif = restored.getexif()
        assert restored.size == (64, 96)
        assert (exif[DESCRIPTION], exif[ORIENTATION], exif[WIDTH]) == ("a face", 1, 64)
        assert restored.info["icc_profile"] == profile()


@needs_opencv
@pytest.mark.parametrize(("colours", "kept"), [(b"RGB ", True), (b"GRAY", False), (b"CMYK", False)])
def test_a_profile_of_other_colours_than_rgb_is_left_out(colours: bytes, kept: bool) -> None:
    other = bytearray(profile())
    other[beside.COLOURS] = colours
    pixels = np.full((32, 48, 3), 100, np.uint8)
    content = beside.encode(".png", pixels, [], Beside(profile=bytes(other)), (48, 32))
    with Image.open(io.BytesIO(content)) as image:
        assert ("icc_profile" in image.info) == kept


def test_a_file_that_has_nothing_is_written_as_before(tmp_path: Path) -> None:
    pixels = np.full((32, 48, 3), 100, np.uint8)
    assert beside.encode(".png", pixels, [], Beside(), (48, 32)) == cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize("content", [b"", b"no picture", PREFIX])
def test_what_cannot_be_read_has_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    assert read_beside(tmp_path / "x.jpg") == Beside()
    assert read_beside(tmp_path / "missing.jpg") == Beside()


@needs_opencv
@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_a_name_that_is_not_utf8_is_as_good_as_any(tmp_path: Path, ending: str) -> None:
    found = read_beside(picture(tmp_path / os.fsdecode(b"v\xff" + ending.encode())))
    assert found == read_beside(picture(tmp_path / f"v{ending}"))
    assert (bool(found.exif), found.profile) == (True, profile())


@needs_opencv
def test_of_a_cut_jpeg_all_is_kept_and_its_library_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = picture(tmp_path / "v.jpg")
    whole = read_beside(path)
    path.write_bytes(path.read_bytes()[:-300])
    assert read_beside(path) == whole
    assert capfd.readouterr() == ("", "")


def test_an_older_opencv_keeps_nothing_and_restores(
    tmp_path: Path, sharp: vcam.Sharpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "can_keep", lambda: False)
    out = tmp_path / "out.png"
    sharp.still(picture(tmp_path / "in.png"), out)
    with Image.open(out) as restored:
        assert not restored.getexif()


@pytest.fixture(scope="module")
def sharp() -> vcam.Sharpener:
    return vcam.Sharpener("fast")
