"""The EXIF block of a picture that has changed: what it says of orientation and size must follow.

The block is changed in place, so that makers' notes, whose offsets nobody else knows, stay readable.
Source: EXIF 2.32, 4.6.2 to 4.6.5.
"""

import struct
from collections.abc import Iterator

from vcam.frame import Size
from vcam.media.orientation import ORIENTATION_TAG

PREFIX = b"Exif\0\0"
EXIF_DIRECTORY = 0x8769
WIDTH_TAGS = (0x0100, 0xA002)
HEIGHT_TAGS = (0x0101, 0xA003)
SHORT, LONG = 3, 4
ENTRY = 12  # bytes


def follow(block: bytes, size: Size) -> bytes:
    """The block of a picture that was turned upright and scaled to `size`, (width, height).

    The thumbnail, which shows the picture as it was, is taken off the list; a block that cannot be read comes
    back as it is, without what it says of the orientation being known.
    """
    prefix = PREFIX if block.startswith(PREFIX) else b""
    tiff = bytearray(block[len(prefix) :])
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    if order is None:
        return block
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        for tag, place in _entries(tiff, order, first):
            if tag == EXIF_DIRECTORY:
                (inner,) = struct.unpack_from(order + "I", tiff, place + 8)
                for inner_tag, inner_place in _entries(tiff, order, inner):
                    _follow_entry(tiff, order, inner_tag, inner_place, size)
            _follow_entry(tiff, order, tag, place, size)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        struct.pack_into(order + "I", tiff, first + 2 + ENTRY * count, 0)
    except struct.error:  # cut short: what could be read has been followed
        pass
    return prefix + bytes(tiff)


def _entries(tiff: bytearray, order: str, directory: int) -> Iterator[tuple[int, int]]:
    """Each entry of a directory: its tag and place."""
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for number in range(count):
        place = directory + 2 + ENTRY * number
        (tag,) = struct.unpack_from(order + "H", tiff, place)
        yield tag, place


def _follow_entry(tiff: bytearray, order: str, tag: int, place: int, size: Size) -> None:
    if tag == ORIENTATION_TAG:
        _write(tiff, order, place, 1)
    elif tag in WIDTH_TAGS:
        _write(tiff, order, place, size[0])
    elif tag in HEIGHT_TAGS:
        _write(tiff, order, place, size[1])


def _write(tiff: bytearray, order: str, place: int, value: int) -> None:
    """Give an entry of one number another value; its type stays."""
    (kind,) = struct.unpack_from(order + "H", tiff, place + 2)
    if kind in (SHORT, LONG):
        struct.pack_into(order + ("H2x" if kind == SHORT else "I"), tiff, place + 8, value)
