import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from heif_files import box
from video_files import grey_picture

from vcam.frame import Frame
from vcam.media.boxes import find_clean_aperture
from vcam.sources.file import FileSource

WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
HEADS = {b"stsd": 8, b"avc1": 78}  # bytes before the boxes inside


def write_clap(path: Path, width: int, height: int, right: int = 0, down: int = 0, *more: bytes) -> Path:
    """A 96x64 clip that is lighter in its right half and below, with a clean aperture, and further boxes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        picture = grey_picture((96, 64), 60)
        luma = np.frombuffer(memoryview(picture.planes[0]), np.uint8).reshape(64, -1)
        luma[:, 48:] += 60
        luma[32:] += 60
        for packet in (*stream.encode(picture), *stream.encode(None)):
            container.mux(packet)
    values = (width, 1, height, 1, right, 1, down, 1)
    path.write_bytes(
        insert(path.read_bytes(), box(b"clap", struct.pack(">IIIIiIiI", *values)) + b"".join(more))
    )
    return path


def insert(content: bytes, addition: bytes) -> bytes:
    """The file with boxes added to its first sample entry; its index is behind its pictures."""
    changed, begin, end = bytearray(content), 0, len(content)
    for name in WAY:
        place = begin
        while content[place + 4 : place + 8] != name:
            place += int.from_bytes(content[place : place + 4], "big")
        length = int.from_bytes(content[place : place + 4], "big")
        changed[place : place + 4] = (length + len(addition)).to_bytes(4, "big")
        begin, end = place + 8 + HEADS.get(name, 0), place + length
    changed[end:end] = addition
    return bytes(changed)


def first_frame(path: Path) -> Frame:
    with FileSource(path, realtime=False) as source:
        return next(source)


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_the_clean_part_of_a_video_is_cut_out(tmp_path: Path, ending: str) -> None:
    frame = first_frame(write_clap(tmp_path / f"clip{ending}", 48, 32, 24, 16))  # the lower right quarter
    assert frame.size == (48, 32)
    assert np.abs(frame.y.astype(int) - 180).max() <= 4  # x264's ringing


def test_a_cut_video_has_its_own_pixels_shape(tmp_path: Path) -> None:
    wide = box(b"pasp", struct.pack(">II", 2, 1))
    frame = first_frame(write_clap(tmp_path / "clip.mp4", 48, 64, 24, 0, wide))
    assert frame.size == (96, 64)
    assert np.abs(frame.y[:24].astype(int) - 120).max() <= 4
    assert find_clean_aperture(tmp_path / "clip.mp4", 1) == ((48, 0, 48, 64), Fraction(2))


def test_what_is_damaged_or_of_another_track_cuts_nothing(tmp_path: Path) -> None:
    path = write_clap(tmp_path / "clip.mp4", 48, 32)
    assert find_clean_aperture(path, 2) is None
    assert find_clean_aperture(write_clap(path, 0, 32), 1) is None
    for end in (200, 400, 700):
        path.write_bytes(write_clap(path, 48, 32).read_bytes()[-end:])
        assert find_clean_aperture(path, 1) is None
    path.write_bytes(b"RIFF" + bytes(100))
    assert find_clean_aperture(path, 1) is None
