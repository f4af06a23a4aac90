"""A picture's kind and size by its bytes alone, whatever bytes they are."""

import io
import struct
import zlib

import numpy as np
import pytest
from picture_files import KINDS, picture, picture_file
from PIL import Image

from vcam.serve.header import check_header
from vcam.serve.kinds import KINDS as TABLE
from vcam.serve.kinds import check_media_type, picture_kind
from vcam.serve.refusal import RefusedError

MOST = 50_000_000


def status_of(content: bytes, most: int = MOST) -> int:
    with pytest.raises(RefusedError) as refused:
        check_header(picture_kind(content[:64]), content, most)
    return refused.value.status


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(64, 48), (33, 17), (500, 16)])
def test_the_size_is_the_decoders(kind: str, size: tuple[int, int]) -> None:
    content = picture_file(kind, picture(size=size))
    assert picture_kind(content[:64]).name == kind
    assert check_header(TABLE[kind], content, MOST) == size


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"quality": 5, "restart_marker_blocks": 1}, {"comment": b"x" * 60_000}]
)
def test_every_form_of_jpeg_is_read(options: dict[str, object]) -> None:
    assert check_header(TABLE["jpeg"], picture_file("jpeg", **options), MOST) == (64, 48)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"II*\0\x08\0\0\0\0\0\0\0\0\0"}])
def test_every_form_of_webp_is_read(options: dict[str, object]) -> None:
    assert check_header(TABLE["webp"], picture_file("webp", **options), MOST) == (64, 48)


@pytest.mark.parametrize("kind", KINDS)
def test_one_pixel_too_many_is_refused_before_it_is_decoded(kind: str) -> None:
    content = picture_file(kind)
    assert check_header(TABLE[kind], content, 64 * 48) == (64, 48)
    assert status_of(content, 64 * 48 - 1) == 413


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + checksum
    assert status_of(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xae\x42\x60\x82") == 413


def test_a_small_canvas_does_not_hide_a_large_picture() -> None:
    out = io.BytesIO()
    Image.new("RGB", (3000, 2000)).save(out, "WEBP", lossless=True)
    inner = out.getvalue()[12:]
    canvas = struct.pack("<4sI4x", b"VP8X", 10) + b"\x0f\0\0\x0f\0\0"
    content = b"RIFF" + struct.pack("<I", 4 + len(canvas) + len(inner)) + b"WEBP" + canvas + inner
    assert status_of(content, 5_000_000) == 413


@pytest.mark.parametrize("content", [b"", b"hello", b"GIF89a" + bytes(60), b"#EXTM3U\n/etc/x", b"\xff\xd8"])
def test_anything_else_is_another_kind(content: bytes) -> None:
    assert status_of(content) == 415


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_file_that_is_cut_short_is_refused(kind: str) -> None:
    content = picture_file(kind)
    assert status_of(content[: len(content) * 2 // 3]) == 422


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_or_read_but_never_an_accident(kind: str) -> None:
    rng = np.random.default_rng(1)
    whole = picture_file(kind)
    for _ in range(300):
        content = bytearray(whole[: rng.integers(len(whole))])
        for place in rng.integers(0, len(whole), 6):
            if place < len(content):
                content[place] = rng.integers(256)
        try:
            size = check_header(picture_kind(bytes(content[:64])), bytes(content), MOST)
        except RefusedError:
            continue
        assert min(size) > 0


def test_boxes_in_boxes_without_end_are_refused() -> None:
    nested = b""
    for _ in range(2000):
        nested = struct.pack(">I4s", len(nested) + 8, b"ipco") + nested
    assert status_of(struct.pack(">I4s4s4s", 16, b"ftyp", b"avif", b"\0\0\0\0") + nested) == 422


@pytest.mark.parametrize("said", [None, "", "image/png", "image/jpeg; x=y", "application/octet-stream"])
def test_a_content_type_that_fits_is_taken(said: str | None) -> None:
    check_media_type(said, "image/", "a picture")


@pytest.mark.parametrize("said", ["text/plain", "video/mp4", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused_with_the_remedy(said: str) -> None:
    with pytest.raises(RefusedError, match="--data-binary") as refused:
        check_media_type(said, "image/", "a picture")
    assert refused.value.status == 415
