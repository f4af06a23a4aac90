"""Parameters as PipeWire takes them: SPA pods, plain values in a fixed layout of bytes.

A pod is the size of its body, its type, the body, and zeros up to a multiple of 8. Layout and numbers:
https://docs.pipewire.org/page_spa_pod.html and spa/pod/pod.h, spa/param/*.h of libspa 0.2. In this machine's
byte order, since only processes of one machine speak it.
"""

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

from vcam.frame import MAX_SIDE, Size

Value: TypeAlias = int | tuple[int, int]  # a rectangle is width and height, a fraction its two numbers

HEAD = struct.Struct("=II")  # size of the body, type
PROPERTY = struct.Struct("=II")  # key, flags
CHOICE = struct.Struct("=II")  # kind, flags; then one pod's head and the bodies of all alternatives

# spa_type
ID, INT, RECTANGLE, FRACTION, OBJECT, CHOICE_TYPE = 3, 4, 10, 11, 15, 19
RANGE, ENUM, FLAGS = 1, 3, 4  # spa_choice_type

# spa_param_type
ENUM_FORMAT, FORMAT, BUFFERS, META = 3, 4, 5, 6
OBJECT_FORMAT, OBJECT_BUFFERS, OBJECT_META = 0x40003, 0x40004, 0x40005

# spa_format, spa_media_type, spa_media_subtype, spa_video_format, spa_video_color_range and _matrix
MEDIA_TYPE, MEDIA_SUBTYPE = 1, 2
VIDEO_FORMAT, VIDEO_SIZE, VIDEO_RATE, VIDEO_RANGE, VIDEO_MATRIX = 0x20001, 0x20003, 0x20004, 0x2000C, 0x2000D
VIDEO_MOST_RATE = 0x20005
VIDEO, RAW, I420, LIMITED, BT601 = 2, 1, 2, 2, 4
RGBX, BGRX, RGBA, BGRA = 7, 8, 11, 12  # by the order of their bytes

# spa_param_buffers, spa_data_type
BUFFER_COUNT, BUFFER_BLOCKS, BUFFER_SIZE, BUFFER_STRIDE, BUFFER_TYPES = 1, 2, 3, 4, 6
MEMORY_POINTER, MEMORY_FILE = 1, 2
LEAST_BUFFERS, MOST_BUFFERS = 3, 8

# spa_param_meta, spa_meta_type, sizeof(struct spa_meta_header) and (struct spa_meta_region)
META_TYPE, META_SIZE = 1, 2
META_HEADER, META_CROP, META_BUSY = 1, 2, 7
META_HEADER_BYTES, META_CROP_BYTES = 32, 16


def id_pod(number: int) -> bytes:
    """A member of an enumeration."""
    return _pod(ID, struct.pack("=I", number))


def int_pod(number: int) -> bytes:
    return _pod(INT, struct.pack("=i", number))


def rectangle_pod(size: Size) -> bytes:
    return _pod(RECTANGLE, struct.pack("=II", *size))


def fraction_pod(value: Fraction) -> bytes:
    return _pod(FRACTION, struct.pack("=II", value.numerator, value.denominator))


def choice_pod(kind: int, default: bytes, *alternatives: bytes) -> bytes:
    """Any of a RANGE (least, most) or an ENUM, or bits of FLAGS; pods of one type."""
    nbytes, _ = HEAD.unpack_from(default)
    bodies = b"".join(pod[HEAD.size : HEAD.size + nbytes] for pod in (default, *alternatives))
    return _pod(CHOICE_TYPE, CHOICE.pack(kind, 0) + default[: HEAD.size] + bodies)


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
            BUFFER_COUNT: choice_pod(RANGE, *map(int_pod, (MOST_BUFFERS, LEAST_BUFFERS, MOST_BUFFERS))),
            BUFFER_BLOCKS: int_pod(1),
            BUFFER_SIZE: int_pod(width * height * 3 // 2),
            BUFFER_STRIDE: int_pod(width),
            BUFFER_TYPES: choice_pod(FLAGS, int_pod(1 << MEMORY_POINTER | 1 << MEMORY_FILE)),
        },
    )


def capture_format_pod(most: Fraction) -> bytes:
    """What we take of a screen: raw RGB of four bytes in mapped memory, any size, at most so many a second.

    No modifier is named, so that whoever gives the pictures puts them into memory, not into a GPU's buffers.
    """
    sizes = (1920, 1080), (1, 1), (MAX_SIDE, MAX_SIDE)
    return object_pod(
        OBJECT_FORMAT,
        ENUM_FORMAT,
        {
            MEDIA_TYPE: id_pod(VIDEO),
            MEDIA_SUBTYPE: id_pod(RAW),
            VIDEO_FORMAT: choice_pod(ENUM, *map(id_pod, (BGRX, BGRX, RGBX, BGRA, RGBA))),
            VIDEO_SIZE: choice_pod(RANGE, *map(rectangle_pod, sizes)),
            VIDEO_RATE: choice_pod(RANGE, *map(fraction_pod, (Fraction(0), Fraction(0), Fraction(1000)))),
            VIDEO_MOST_RATE: choice_pod(RANGE, *map(fraction_pod, (most, min(most, Fraction(1)), most))),
        },
    )


def capture_buffers_pod() -> bytes:
    """Buffers of one block that can be mapped; their size is for whoever fills them to say."""
    return object_pod(
        OBJECT_BUFFERS,
        BUFFERS,
        {
            BUFFER_COUNT: choice_pod(RANGE, *map(int_pod, (LEAST_BUFFERS, 2, MOST_BUFFERS))),
            BUFFER_BLOCKS: int_pod(1),
            BUFFER_TYPES: choice_pod(FLAGS, int_pod(1 << MEMORY_POINTER | 1 << MEMORY_FILE)),
        },
    )


def header_pod() -> bytes:
    """Asks for a header on each buffer, with its time and number."""
    return _meta_pod(META_HEADER, META_HEADER_BYTES)


def crop_pod() -> bytes:
    """Asks which part of each buffer is the picture: a window may lie in one of the screen's size."""
    return _meta_pod(META_CROP, META_CROP_BYTES)


def read_object(pod: bytes) -> dict[int, Value]:
    """The properties of an object by their keys: numbers, rectangles and fractions, of a choice its default.

    Properties of other types are left out. Raises ValueError if it is not an object, or cut off.
    """
    kind, body = _split(pod)
    if kind != OBJECT or len(body) < 8:
        raise ValueError(f"a pod of type {kind} and {len(body)} bytes, expected an object")
    return dict(_properties(body[8:]))


def _properties(body: bytes) -> Iterator[tuple[int, Value]]:
    while len(body) > PROPERTY.size:
        key, _ = PROPERTY.unpack_from(body)
        kind, value = _split(body[PROPERTY.size :])
        nbytes = len(value)
        if kind == CHOICE_TYPE and nbytes >= CHOICE.size:
            kind, value = _split(value[CHOICE.size :])  # the first of its bodies
        if kind in (ID, INT) and len(value) >= 4:
            yield key, struct.unpack_from("=I" if kind == ID else "=i", value)[0]
        elif kind in (RECTANGLE, FRACTION) and len(value) >= 8:
            yield key, struct.unpack_from("=II", value)
        body = body[PROPERTY.size + HEAD.size + nbytes + -nbytes % 8 :]


def _split(pod: bytes) -> tuple[int, bytes]:
    """Type and body. Raises ValueError if the pod is cut off."""
    if len(pod) < HEAD.size:
        raise ValueError(f"a pod of {len(pod)} bytes, expected {HEAD.size} at least")
    nbytes, kind = HEAD.unpack_from(pod)
    if len(pod) - HEAD.size < nbytes:
        raise ValueError(f"a pod of {len(pod)} bytes, expected {HEAD.size + nbytes}")
    return kind, pod[HEAD.size : HEAD.size + nbytes]


def _meta_pod(kind: int, nbytes: int) -> bytes:
    return object_pod(OBJECT_META, META, {META_TYPE: id_pod(kind), META_SIZE: int_pod(nbytes)})


def _pod(kind: int, body: bytes) -> bytes:
    return HEAD.pack(len(body), kind) + body + bytes(-len(body) % 8)
