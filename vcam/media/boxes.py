"""The boxes that MP4, QuickTime and HEIF files are made of: ISO/IEC 14496-12."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from vcam.conversion.geometry import Box

LARGEST_INDEX = 1 << 28  # bytes
MOST_BOXES = 100_000
ENTRY_HEAD = 78  # bytes of a picture's sample entry before its boxes
SQUARE = struct.pack(">II", 1, 1)


def boxes_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        begin = place + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        end = len(data) if length == 0 else place + length
        if end < begin:
            return
        yield kind, data[begin:end]
        place = end


def read_index(path: Path) -> bytes:
    """The content of a file's `moov`; empty if it has none, or is none of these files."""
    try:
        with path.open("rb") as file:
            return _find_index(file)
    except (OSError, struct.error):
        return b""


def find_clean_aperture(path: Path, track: int) -> tuple[Box, Fraction] | None:
    """What is shown of a track's pictures, (left, top, width, height), and a pixel's width over its height.

    track  its number in the file, counted from 1

    None where no such box is, or it names no picture: all is shown.
    """
    try:
        for entry in _entries(read_index(path), track):
            boxes = dict(boxes_of(entry[ENTRY_HEAD:]))
            if b"clap" in boxes:
                shown = read_aperture(boxes[b"clap"], (0, 0, *struct.unpack_from(">HH", entry, 24)))
                wide, high = struct.unpack_from(">II", boxes.get(b"pasp", SQUARE))
                return (shown, Fraction(wide, high)) if min(shown[2:]) > 0 else None
    except (struct.error, LookupError, ZeroDivisionError):
        return None  # damaged
    return None


def read_aperture(clap: bytes, whole: Box) -> Box:
    """The part of a picture that is clean: its size, and its centre's distance from the picture's."""
    values = struct.unpack_from(">IIIIiIiI", clap)
    width, height, right, down = (Fraction(values[k], values[k + 1]) for k in (0, 2, 4, 6))
    left = max(0, round((whole[2] - width) / 2 + right))
    top = max(0, round((whole[3] - height) / 2 + down))
    return left, top, min(round(width), whole[2] - left), min(round(height), whole[3] - top)


def _find_index(file: BinaryIO) -> bytes:
    place = 0
    for _ in range(MOST_BOXES):
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            head = 16
        if place == 0 and not kind.isalpha():
            return b""
        if kind == b"moov":
            return file.read(min(max(length - head, 0), LARGEST_INDEX) if length else LARGEST_INDEX)
        if length < head:
            return b""
        place += length
    return b""


def _entries(moov: bytes, track: int) -> Iterator[bytes]:
    """The sample entries of a track."""
    for kind, content in boxes_of(moov):
        if kind != b"trak":
            continue
        boxes = dict(boxes_of(content))
        (number,) = struct.unpack_from(">I", boxes[b"tkhd"], 20 if boxes[b"tkhd"][0] else 12)
        if number == track:
            for inner in (b"mdia", b"minf", b"stbl"):
                boxes = dict(boxes_of(boxes[inner]))
            yield from (entry for _, entry in boxes_of(boxes[b"stsd"][8:]))
