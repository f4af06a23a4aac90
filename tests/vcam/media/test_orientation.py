import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from video_files import grey_picture, write_video

from vcam.media import orientation
from vcam.media.reading import Recording


def exif_of(value: int, order: str = "<") -> bytes:
    """A TIFF block with one entry, the orientation."""
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, value, 0, 0)


def write_jpeg(path: Path, block: bytes) -> Path:
    _, plain = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))
    content = b"Exif\0\0" + block
    head = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    path.write_bytes(plain.tobytes()[:2] + head + plain.tobytes()[2:])
    return path


def write_png(path: Path, block: bytes) -> Path:
    _, plain = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    path.write_bytes(plain.tobytes()[:33] + chunk + plain.tobytes()[33:])
    return path


def write_webp(path: Path, block: bytes) -> Path:
    _, plain = cv2.imencode(".webp", np.full((48, 64, 3), 90, np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 90])
    chunk = plain.tobytes()[12:]  # VP8
    extended = b"VP8X" + struct.pack("<I", 10) + bytes([0x08, 0, 0, 0, 63, 0, 0, 47, 0, 0])
    exif = b"EXIF" + struct.pack("<I", len(block)) + block
    content = b"WEBP" + extended + chunk + exif
    path.write_bytes(b"RIFF" + struct.pack("<I", len(content)) + content)
    return path


WRITERS = {"jpg": write_jpeg, "png": write_png, "webp": write_webp}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", WRITERS)
def test_the_exif_of_picture_files_is_applied(tmp_path: Path, kind: str, order: str) -> None:
    for value, (mirrored, turn) in orientation.EXIF.items():
        with Recording(WRITERS[kind](tmp_path / f"a.{kind}", exif_of(value, order))) as recording:
            assert (recording.geometry.is_mirrored, recording.geometry.turn) == (mirrored, turn)


def test_a_tiff_file_is_its_own_exif(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(exif_of(8))
    assert orientation.of_file(tmp_path / "a.tif") == (False, 270)


@pytest.mark.parametrize("block", [b"", b"II", exif_of(9), exif_of(0), exif_of(6)[:12], b"XX" + bytes(30)])
def test_a_damaged_exif_turns_nothing(tmp_path: Path, block: bytes) -> None:
    with Recording(write_jpeg(tmp_path / "a.jpg", block)) as recording:
        assert (recording.geometry.is_mirrored, recording.geometry.turn) == (False, 0)


@pytest.mark.parametrize(("matrix", "expected"), orientation.MATRICES.items())
def test_the_display_matrix_of_a_video_is_applied(
    tmp_path: Path, matrix: tuple[int, int, int, int], expected: tuple[bool, int]
) -> None:
    path = write_video(tmp_path / "a.mp4", 2)
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (each << 16 for each in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    with Recording(path) as recording:
        assert (recording.geometry.is_mirrored, recording.geometry.turn) == expected


def test_the_pixels_shape_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)
        container.mux(stream.encode(grey_picture((64, 48), 90)))
        container.mux(stream.encode(None))
    with Recording(path) as recording:
        assert recording.geometry.aspect == pytest.approx(64 / 45)


def test_fields_become_whole_pictures(tmp_path: Path) -> None:
    """A bar that moves from field to field: woven as they are, its edges are combs."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"flags": "+ildct", "qmin": "1"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(8):
            levels = np.full((144, 128), 128, np.uint8)
            levels[:96] = 16
            levels[0:96:2, 8 * number : 8 * number + 24] = 235
            levels[1:96:2, 8 * number + 4 : 8 * number + 28] = 235
            container.mux(stream.encode(av.VideoFrame.from_ndarray(levels, format="yuv420p")))
        container.mux(stream.encode(None))
    with Recording(path) as recording:
        pictures = list(recording.pictures())
    assert len(pictures) == 8
    luma = pictures[4].to_ndarray()[:96].astype(int)
    comb = np.abs(luma[10:80:2] - luma[11:81:2]).mean()
    assert comb < 2  # 13.7 where they are woven as they are
