"""An EXIF block follows the picture: upright, of another size, all else byte for byte."""

import struct

import numpy as np
import pytest

from vcam.media.exif import PREFIX, follow

MAKER = b"makers' own bytes"


def block(order: str = "<", orientation: int = 6, width_type: int = 4) -> bytes:
    """A block with orientation, a maker's note and its width in the EXIF directory, and a thumbnail."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 2)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    first += struct.pack(order + "HHII", 0x8769, 4, 1, 38)
    first += struct.pack(order + "I", 200)  # the thumbnail's directory
    inner = struct.pack(order + "H", 2)
    value = struct.pack(order + ("I" if width_type == 4 else "H2x"), 64)
    inner += struct.pack(order + "HHI", 0xA002, width_type, 1) + value
    inner += struct.pack(order + "HHII", 0x927C, 7, len(MAKER), 68)
    inner += struct.pack(order + "I", 0)
    return head + first + inner + MAKER


def number(tiff: bytes, order: str, place: int, form: str) -> int:
    return int(struct.unpack_from(order + form, tiff, place)[0])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", PREFIX])
def test_orientation_size_and_thumbnail_follow(order: str, prefix: bytes) -> None:
    tiff = follow(prefix + block(order), (1280, 720)).removeprefix(prefix)
    assert number(tiff, order, 18, "H") == 1
    assert number(tiff, order, 48, "I") == 1280
    assert number(tiff, order, 34, "I") == 0  # no thumbnail


def test_all_else_stays_where_it_is() -> None:
    before, after = block(), follow(block(), (64, 48))
    changed = [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert changed == [18, 34]
    assert after.endswith(MAKER)


def test_a_size_of_two_bytes_stays_one() -> None:
    tiff = follow(block(width_type=3), (1280, 720))
    assert number(tiff, "<", 48, "H") == 1280


@pytest.mark.parametrize("content", [b"", b"hello", PREFIX, b"II*\0", b"MM\0*\xff\xff\xff\xff"])
def test_what_is_no_block_comes_back(content: bytes) -> None:
    assert follow(content, (64, 48)) == content


def test_damage_is_no_accident() -> None:
    rng = np.random.default_rng(3)
    for _ in range(500):
        content = bytearray(block()[: rng.integers(8, len(block()))])
        content[rng.integers(len(content))] = rng.integers(256)
        assert len(follow(bytes(content), (64, 48))) == len(content)
