"""Our pods, beside those that the builder of libspa 0.3.65 makes of the same (spa/pod/builder.h, from C)."""

import struct
import sys
from fractions import Fraction

import pytest

from vcam.pipewire.pods import buffers_pod, format_pod, fraction_pod, header_pod, id_pod, rectangle_pod

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="the bytes below are of a little-endian CPU"
)

SIZE, RATE = (640, 480), Fraction(30000, 1001)

FORMAT = """
    b00000000f000000 0300040003000000 0100000000000000 0400000003000000 0200000000000000
    0200000000000000 0400000003000000 0100000000000000 0100020000000000 0400000003000000
    0200000000000000 0300020000000000 080000000a000000 80020000e0010000 0400020000000000
    080000000b000000 30750000e9030000 0c00020000000000 0400000003000000 0200000000000000
    0d00020000000000 0400000003000000 0400000000000000
"""
BUFFERS = """
    a80000000f000000 0400040005000000 0100000000000000 1c00000013000000 0100000000000000
    0400000004000000 0800000003000000 0800000000000000 0200000000000000 0400000004000000
    0100000000000000 0300000000000000 0400000004000000 0008070000000000 0400000000000000
    0400000004000000 8002000000000000 0600000000000000 1400000013000000 0400000000000000
    0400000004000000 0600000000000000
"""
HEADER = """
    380000000f000000 0500040006000000 0100000000000000 0400000003000000 0100000000000000
    0200000000000000 0400000004000000 2000000000000000
"""


def test_the_format_is_what_libspa_builds() -> None:
    assert format_pod(SIZE, RATE) == bytes.fromhex(FORMAT)


def test_the_memory_is_what_libspa_builds() -> None:
    assert buffers_pod(SIZE) == bytes.fromhex(BUFFERS)


def test_the_header_is_what_libspa_builds() -> None:
    assert header_pod() == bytes.fromhex(HEADER)


def test_every_pod_ends_on_eight_bytes() -> None:
    pods = [id_pod(7), rectangle_pod((16, 16)), fraction_pod(RATE), format_pod(SIZE, RATE), buffers_pod(SIZE)]
    assert {len(pod) % 8 for pod in pods} == {0}


def test_a_pod_begins_with_the_size_of_its_body() -> None:
    for pod in (format_pod(SIZE, RATE), buffers_pod(SIZE), header_pod()):
        assert struct.unpack_from("=I", pod)[0] == len(pod) - 8


def test_the_memory_holds_three_planes_without_gaps() -> None:
    words = struct.unpack(f"={len(buffers_pod((1280, 720))) // 4}I", buffers_pod((1280, 720)))
    assert 1280 * 720 * 3 // 2 in words
