"""Parameters as PipeWire takes them: SPA pods, plain values in a fixed layout of bytes.

A pod is the size of its body, its type, the body, and zeros up to a multiple of 8. Layout and numbers:
https://docs.pipewire.org/page_spa_pod.html and spa/pod/pod.h, spa/param/*.h of libspa 0.2. In this machine's
byte order, since only processes of one machine speak it.
"""

import struct
from collections.abc import Mapping
from fractions import Fraction

from vcam.frame import Size

HEAD = struct.Struct("=II")  # size of the body, type
PROPERTY = struct.Struct("=II")  # key, flags
CHOICE = struct.Struct("=II")  # kind, flags; then one pod's head and the bodies of all alternatives

# spa_type
ID, INT, RECTANGLE, FRACTION, OBJECT, CHOICE_TYPE = 3, 4, 10, 11, 15, 19
RANGE, FLAGS = 1, 4  # spa_choice_type

# spa_param_type
ENUM_FORMAT, FORMAT, BUFFERS, META = 3, 4, 5, 6
OBJECT_FORMAT, OBJECT_BUFFERS, OBJECT_META = 0x40003, 0x40004, 0x40005

# spa_format, spa_media_type, spa_media_subtype, spa_video_format, spa_video_color_range and _matrix
MEDIA_TYPE, MEDIA_SUBTYPE = 1, 2
VIDEO_FORMAT, VIDEO_SIZE, VIDEO_RATE, VIDEO_RANGE, VIDEO_MATRIX = 0x20001, 0x20003, 0x20004, 0x2000C, 0x2000D
VIDEO, RAW, I420, LIMITED, BT601 = 2, 1, 2, 2, 4

# spa_param_buffers, spa_data_type
BUFFER_COUNT, BUFFER_BLOCKS, BUFFER_SIZE, BUFFER_STRIDE, BUFFER_TYPES = 1, 2, 3, 4, 6
MEMORY_POINTER, MEMORY_FILE = 1, 2
LEAST_BUFFERS, MOST_BUFFERS = 3, 8

# spa_param_meta, spa_meta_type, sizeof(struct spa_meta_header)
META_TYPE, META_SIZE = 1, 2
META_HEADER, META_BUSY = 1, 7
META_HEADER_BYTES = 32


def id_pod(number: int) -> bytes:
    """A member of an enumeration."""
    return _pod(ID, struct.pack("=I", number))


def int_pod(number: int) -> bytes:
    return _pod(INT, struct.pack("=i", number))


def rectangle_pod(size: Size) -> bytes:
    return _pod(RECTANGLE, struct.pack("=II", *size))


def fraction_pod(value: Fraction) -> bytes:
    return _pod(FRACTION, struct.pack("=II", value.numerator, value.denominator))


def int_choice_pod(kind: int, default: int, *alternatives: int) -> bytes:
    """Any of a RANGE (least, most), or bits of FLAGS."""
    head = CHOICE.pack(kind, 0) + HEAD.pack(4, INT)
    return _pod(CHOICE_TYPE, head + struct.pack(f"={1 + len(alternatives)}i", default, *alternatives))


def object_pod(kind: int, param: int, properties: Mapping[int, bytes]) -> bytes:
    """An object of a kind, as the value of a parameter; its properties are pods by their keys."""
    body = struct.pack("=II", kind, param)
    return _pod(OBJECT, body + b"".join(PROPERTY.pack(key, 0) + pod for key, pod in properties.items()))


def format_pod(size: Size, rate: Fraction) -> bytes:
    """The one format on offer: raw I420 of this size, frames a second, BT.601 limited."""
    return object_pod(
        OBJECT_FORMAT,
        ENUM_FORMAT,
        {
            MEDIA_TYPE: id_pod(VIDEO),
            MEDIA_SUBTYPE: id_pod(RAW),
            VIDEO_FORMAT: id_pod(I420),
            VIDEO_SIZE: rectangle_pod(size),
            VIDEO_RATE: fraction_pod(rate),
            VIDEO_RANGE: id_pod(LIMITED),
            VIDEO_MATRIX: id_pod(BT601),
        },
    )


def buffers_pod(size: Size) -> bytes:
    """The memory that a format needs: planes without gaps in one block that can be mapped."""
    width, height = size
    return object_pod(
        OBJECT_BUFFERS,
        BUFFERS,
        {
            BUFFER_COUNT: int_choice_pod(RANGE, MOST_BUFFERS, LEAST_BUFFERS, MOST_BUFFERS),
            BUFFER_BLOCKS: int_pod(1),
            BUFFER_SIZE: int_pod(width * height * 3 // 2),
            BUFFER_STRIDE: int_pod(width),
            BUFFER_TYPES: int_choice_pod(FLAGS, 1 << MEMORY_POINTER | 1 << MEMORY_FILE),
        },
    )


def header_pod() -> bytes:
    """Asks for a header on each buffer, with its time and number."""
    return object_pod(
        OBJECT_META, META, {META_TYPE: id_pod(META_HEADER), META_SIZE: int_pod(META_HEADER_BYTES)}
    )


def _pod(kind: int, body: bytes) -> bytes:
    return HEAD.pack(len(body), kind) + body + bytes(-len(body) % 8)
