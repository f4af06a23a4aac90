"""Which way up a picture is: the display matrix of containers, the EXIF tag of picture files."""

import struct
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

Orientation: TypeAlias = tuple[bool, int]  # mirrored first, then turned so many degrees clockwise

UPRIGHT: Orientation = (False, 0)
# EXIF 2.32, 4.6.5.1.6: what the tag's eight values ask for
EXIF: dict[int, Orientation] = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 180),
    4: (True, 180),
    5: (True, 270),
    6: (False, 90),
    7: (True, 90),
    8: (False, 270),
}
# signs of a, b, c, d, of x' = a x + c y, y' = b x + d y, with y down
MATRICES: dict[tuple[int, int, int, int], Orientation] = {
    (1, 0, 0, 1): (False, 0),
    (0, 1, -1, 0): (False, 90),
    (-1, 0, 0, -1): (False, 180),
    (0, -1, 1, 0): (False, 270),
    (-1, 0, 0, 1): (True, 0),
    (0, -1, -1, 0): (True, 90),
    (1, 0, 0, -1): (True, 180),
    (0, 1, 1, 0): (True, 270),
}
PNG = b"\x89PNG\r\n\x1a\n"
ORIENTATION_TAG = 0x0112
LARGEST_BLOCK = 1 << 20  # bytes of a file's EXIF
MOST_PARTS = 10_000  # of a file, looked through for it


def of_picture(picture: VideoFrame) -> Orientation:
    """What the picture's display matrix asks for, to a quarter turn."""
    try:
        matrix = picture.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # PyAV types its keys as str
    except ValueError:  # this PyAV does not know all kinds of side data, and then gives none
        return False, -picture.rotation % 360 // 90 * 90
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    longest = max(abs(a), abs(b), abs(c), abs(d), 1)
    signs = tuple(round(each / longest) for each in (a, b, c, d))
    return MATRICES.get(signs, UPRIGHT)


def of_file(path: Path) -> Orientation | None:
    """What the EXIF of a JPEG, PNG, WebP or TIFF file asks for; None if it is none of these or has none.

    A PNG without EXIF is upright, too: PyAV 18 frees the name of its colour profile twice, if anything asks
    for the side data of its picture, and the process ends.
    """
    with suppress(OSError), path.open("rb") as file:
        is_png = file.read(len(PNG)) == PNG
        file.seek(0)
        with suppress(struct.error):
            tag = _read_tag(find_exif(file))
            return EXIF.get(tag, UPRIGHT if is_png else None)
        return UPRIGHT if is_png else None
    return None


def find_exif(file: BinaryIO) -> bytes:
    """The EXIF block of a picture file, from its byte order mark on; empty if there is none."""
    head = file.read(12)
    if head[:4] in (b"II*\0", b"MM\0*"):
        file.seek(0)
        return file.read(LARGEST_BLOCK)
    if head[:2] == b"\xff\xd8":
        file.seek(2)
        block = _find_segment(file)
    elif head[:8] == PNG:
        file.seek(8)
        block = _find_chunk(file, b"eXIf", ">I4s", 4)
    elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
        block = _find_chunk(file, b"EXIF", "<4sI", 0)
    else:
        block = b""
    return block.removeprefix(b"Exif\0\0")


def _find_segment(file: BinaryIO) -> bytes:
    """The APP1 segment of a JPEG."""
    for _ in range(MOST_PARTS):
        mark, kind, length = struct.unpack(">BBH", file.read(4))
        if mark != 0xFF or kind == 0xDA or length < 2:  # the picture itself, or damage
            return b""
        content = file.read(length - 2)
        if kind == 0xE1 and content.startswith(b"Exif\0\0"):
            return content
    return b""


def _find_chunk(file: BinaryIO, wanted: bytes, header: str, checksum: int) -> bytes:
    """The content of a PNG's or WebP's chunk."""
    for _ in range(MOST_PARTS):
        first, second = struct.unpack(header, file.read(8))
        name, length = (first, second) if isinstance(first, bytes) else (second, first)
        if name == wanted:
            return file.read(min(length, LARGEST_BLOCK))
        padding = checksum or length % 2
        file.seek(length + padding, 1)
    return b""


def _read_tag(tiff: bytes) -> int:
    """The orientation in the first directory of a TIFF block; 0 if it has none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    (offset,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    for number in range(count):
        tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, offset + 2 + 12 * number)
        if tag == ORIENTATION_TAG:
            return int(value)
    return 0
