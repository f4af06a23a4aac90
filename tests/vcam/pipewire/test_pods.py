"""Our pods, beside those that the builder of libspa 0.3.65 makes of the same (spa/pod/builder.h, from C)."""

import struct
import sys
from contextlib import suppress
from fractions import Fraction

import pytest

from vcam.pipewire.pods import (
    RGBX,
    VIDEO_FORMAT,
    VIDEO_MOST_RATE,
    VIDEO_RATE,
    VIDEO_SIZE,
    buffers_pod,
    capture_buffers_pod,
    capture_format_pod,
    crop_pod,
    format_pod,
    fraction_pod,
    header_pod,
    id_pod,
    read_object,
    rectangle_pod,
)

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

CAPTURE_FORMAT = """
    180100000f000000 0300040003000000 0100000000000000 0400000003000000 0200000000000000
    0200000000000000 0400000003000000 0100000000000000 0100020000000000 2400000013000000
    0300000000000000 0400000003000000 0800000008000000 070000000c000000 0b00000000000000
    0300020000000000 2800000013000000 0100000000000000 080000000a000000 8007000038040000
    0100000001000000 0020000000200000 0400020000000000 2800000013000000 0100000000000000
    080000000b000000 0000000001000000 0000000001000000 e803000001000000 0500020000000000
    2800000013000000 0100000000000000 080000000b000000 1e00000001000000 0100000001000000
    1e00000001000000
"""
CAPTURE_BUFFERS = """
    780000000f000000 0400040005000000 0100000000000000 1c00000013000000 0100000000000000
    0400000004000000 0300000002000000 0800000000000000 0200000000000000 0400000004000000
    0100000000000000 0600000000000000 1400000013000000 0400000000000000 0400000004000000
    0600000000000000
"""
CROP = """
    380000000f000000 0500040006000000 0100000000000000 0400000003000000 0200000000000000
    0200000000000000 0400000004000000 1000000000000000
"""
# RGBx, a modifier (long), 1366x768, a choice of 60 and 30 a second, an interlace mode from a range around -3
SETTLED = """
    e00000000f000000 0300040004000000 0100000000000000 0400000003000000 0200000000000000
    0200000000000000 0400000003000000 0100000000000000 0100020000000000 0400000003000000
    0700000000000000 0200020000000000 0800000005000000 9a78563412000000 0300020000000000
    080000000a000000 5605000000030000 0400020000000000 2000000013000000 0300000000000000
    080000000b000000 3c00000001000000 1e00000001000000 0700020000000000 1c00000013000000
    0100000000000000 0400000004000000 fdfffffffbffffff 0700000000000000
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


def test_what_is_taken_of_a_screen_is_what_libspa_builds() -> None:
    assert capture_format_pod(Fraction(30)) == bytes.fromhex(CAPTURE_FORMAT)
    assert capture_buffers_pod() == bytes.fromhex(CAPTURE_BUFFERS)
    assert crop_pod() == bytes.fromhex(CROP)


def test_a_settled_format_is_read_and_other_types_are_left_out() -> None:
    found = read_object(bytes.fromhex(SETTLED))
    assert found == {
        1: 2,
        2: 1,
        VIDEO_FORMAT: RGBX,
        VIDEO_SIZE: (1366, 768),
        VIDEO_RATE: (60, 1),
        0x20007: -3,
    }


def test_what_we_build_is_read_again_by_its_defaults() -> None:
    found = read_object(capture_format_pod(Fraction(25, 2)))
    assert (found[VIDEO_SIZE], found[VIDEO_RATE], found[VIDEO_MOST_RATE]) == ((1920, 1080), (0, 1), (25, 2))


def test_a_format_that_is_cut_off_or_none_is_refused_and_never_read_beyond() -> None:
    whole = bytes.fromhex(SETTLED)
    for end in range(len(whole) - 8):
        with pytest.raises(ValueError, match="expected"):
            read_object(whole[:end])
    with pytest.raises(ValueError, match="expected an object"):
        read_object(id_pod(3))
    for place in range(8, len(whole)):  # of any damage inside, it returns or says so
        damaged = whole[:place] + b"\xff" + whole[place + 1 :]
        with suppress(ValueError):
            read_object(damaged)
