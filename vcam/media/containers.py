"""Whether a recording has its end: what its container says of its own length, beside that of the file.

Sources: ISO/IEC 14496-12 4.2 (MP4, QuickTime), RFC 9559 4.5 and RFC 8794 (Matroska), RIFF (AVI).
"""

import struct
from typing import BinaryIO

EBML_BEGIN, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
MOST_BOXES = 100_000
UNKNOWN = 0xFFFFFFFF  # what programs write in an AVI that they stream
# at the top of a file; anything else behind them is what some program has added
BOXES = frozenset(
    (
        *(b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"uuid"),
        *(b"meta", b"styp", b"sidx", b"mfra", b"pnot", b"udta"),
    )
)


def has_end(file: BinaryIO, length: int) -> bool:
    """Whether an open MP4, QuickTime, Matroska, WebM or AVI file has all that it announces.

    length  of the file in bytes

    True of any other file, and of one that announces nothing, as what was never finished.
    """
    file.seek(0)
    head = file.read(12)
    try:
        if head.startswith(EBML_BEGIN):
            return _has_segment_end(file, length)
        if head[4:8] in BOXES:
            return _has_box_end(file, length)
    except struct.error:  # not even the announcement is whole
        return False
    if head[:4] + head[8:12] == b"RIFFAVI ":
        size = int.from_bytes(head[4:8], "little")
        return size == UNKNOWN or size + 8 <= length
    return True


def _has_segment_end(file: BinaryIO, length: int) -> bool:
    file.seek(len(EBML_BEGIN))
    size = _read_size(file)
    if size is None:
        return True
    file.seek(size, 1)
    if file.read(4) != SEGMENT:
        return file.tell() < length  # another element, or nothing
    size = _read_size(file)
    return size is None or file.tell() + size <= length


def _read_size(file: BinaryIO) -> int | None:
    """The length of an element's content in bytes; None if it is unknown."""
    (first,) = struct.unpack("B", file.read(1))
    count = 9 - first.bit_length()  # bytes of the number; the first bit that is set says how many
    rest = file.read(count - 1) if count <= 8 else b""
    if len(rest) != count - 1:
        raise struct.error("a number that is cut short")
    bits = 7 * count
    value = int.from_bytes(bytes((first,)) + rest, "big") & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value


def _has_box_end(file: BinaryIO, length: int) -> bool:
    place = 0
    for _ in range(MOST_BOXES):
        if place >= length:
            return place == length
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head[4:] not in BOXES:
            return True
        (size,) = struct.unpack_from(">I", head)
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        if size < 8:  # 0 is all of the rest
            return True
        place += size
    return True
