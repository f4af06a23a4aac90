import struct
from pathlib import Path

import pytest
from heif_files import box, write_heif

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.media.heif import read_layout
from vcam.sources.file import FileSource

LEVELS = [40, 80, 120, 160, 200, 220]


def show(path: Path) -> Frame:
    with FileSource(path, realtime=False) as source:
        (frame,) = source
        assert frame.size == source.size
    return frame


def test_the_tiles_of_a_photo_are_put_together_and_cut_to_its_size(tmp_path: Path) -> None:
    frame = show(write_heif(tmp_path / "a.heic", LEVELS, 3, (180, 100)))
    assert frame.size == (180, 100)
    found = [int(frame.y[row, col]) for row in (30, 90) for col in (30, 90, 160)]
    assert found == pytest.approx(LEVELS, abs=3)  # as x265 loses


@pytest.mark.parametrize(
    ("names", "size", "corner"),
    [
        ([box(b"irot", b"\1")], (100, 180), 120),  # a quarter anticlockwise: the upper right comes first
        ([box(b"irot", b"\2")], (180, 100), 220),
        ([box(b"imir", b"\1")], (180, 100), 120),
        ([box(b"imir", b"\0")], (180, 100), 160),
        ([box(b"irot", b"\1"), box(b"imir", b"\1")], (100, 180), 220),
    ],
)
def test_a_photo_is_turned_and_mirrored(
    tmp_path: Path, names: list[bytes], size: tuple[int, int], corner: int
) -> None:
    frame = show(write_heif(tmp_path / "a.heic", LEVELS, 3, (180, 100), *names))
    assert frame.size == size
    assert int(frame.y[8, 8]) == pytest.approx(corner, abs=3)


def test_a_clean_aperture_is_cut_out(tmp_path: Path) -> None:
    aperture = struct.pack(">IIIIiIiI", 40, 1, 30, 1, 0xFFFFFFFC - (1 << 32), 1, 0, 1)
    path = write_heif(tmp_path / "a.heic", [90], 1, (64, 64), box(b"clap", aperture))
    layout = read_layout(path)
    assert layout is not None
    assert layout.shown == (8, 17, 40, 30)
    assert show(path).size == (40, 30)


def test_a_photo_that_lacks_a_tile_is_refused(tmp_path: Path) -> None:
    path = write_heif(tmp_path / "a.heic", LEVELS, 3, (180, 100))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(SourceError, match=r"a tile of the picture is damaged or missing|is not a video"):
        show(path)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x18ftypheic", b"\0\0\0\x10ftypheicmeta" * 9])
def test_a_damaged_file_has_no_layout(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.heic").write_bytes(content)
    assert read_layout(tmp_path / "a.heic") is None
