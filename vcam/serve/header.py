"""The size of a picture as its header tells it, before anything of it is decoded.

Sources: ITU-T T.81 B.2.2 (JPEG), PNG 11.2.2, RFC 9649 (WebP), ISO/IEC 23008-12 6.5.3 (AVIF).
"""

import struct
from collections.abc import Callable, Iterator

from vcam.frame import Size
from vcam.media.whole import is_whole
from vcam.serve.kinds import Kind
from vcam.serve.refusal import TOO_LARGE, UNUSABLE, RefusedError

NO_FRAMES = frozenset((0xC4, 0xC8, 0xCC))  # markers among JPEG's SOF that are none
ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
MOST_PARTS = 10_000
VP8_START = b"\x9d\x01\x2a"
CONTAINERS = (b"meta", b"iprp", b"ipco")  # boxes around the sizes
LARGEST_META = 2**20


def check_header(kind: Kind, content: bytes, most: int) -> Size:
    """(width, height) of a picture file, as its header says.

    Raises RefusedError: 422 if the header is damaged or the file cut short, 413 for more than `most` pixels.
    """
    try:
        size = _READERS[kind.name](content)
    except (struct.error, IndexError):
        size = (0, 0)
    width, height = size
    if min(size) < 1:
        raise RefusedError(UNUSABLE, f"the {kind.pillow} file has no valid header: it is damaged")
    if width * height > most:
        raise RefusedError(
            TOO_LARGE,
            f"the picture is {width}x{height}, {width * height} pixels, expected at most {most}: "
            "scale it down first",
        )
    if not is_whole(content):  # decoders make grey of what is missing
        raise RefusedError(UNUSABLE, f"the {kind.pillow} file is cut short: send all of it")
    return size


def _read_jpeg(content: bytes) -> Size:
    place = 2
    for _ in range(MOST_PARTS):
        if content[place] != 0xFF:
            return 0, 0
        marker = content[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
        elif marker in ALONE:
            place += 2
        elif 0xC0 <= marker <= 0xCF and marker not in NO_FRAMES:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        else:
            place += 2 + max(2, struct.unpack_from(">H", content, place + 2)[0])
    return 0, 0


def _read_png(content: bytes) -> Size:
    name, width, height = struct.unpack_from(">4sII", content, 12)
    return (width, height) if name == b"IHDR" else (0, 0)


def _read_webp(content: bytes) -> Size:
    """The larger of the canvas and the picture on it: a decoder makes both."""
    largest, place = (0, 0), 12
    for _ in range(MOST_PARTS):
        if place + 18 > len(content):
            break
        name, length = struct.unpack_from("<4sI", content, place)
        size = _read_webp_chunk(name, content, place + 8)
        largest = max(largest, size, key=lambda each: each[0] * each[1])
        if name in (b"VP8 ", b"VP8L"):
            break
        place += 8 + length + length % 2
    return largest


def _read_webp_chunk(name: bytes, content: bytes, place: int) -> Size:
    if name == b"VP8X":
        return _number(content, place + 4) + 1, _number(content, place + 7) + 1
    if name == b"VP8L" and content[place] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, place + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and content[place + 3 : place + 6] == VP8_START:
        width, height = struct.unpack_from("<HH", content, place + 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _number(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + 3], "little")


def _read_avif(content: bytes) -> Size:
    """The largest of all its items: thumbnails, parts and the picture."""
    sizes = [struct.unpack_from(">II", box, 4) for box in _find(content, b"ispe")]
    width, height = max(sizes, key=lambda each: each[0] * each[1], default=(0, 0))
    return width, height


def _find(content: bytes, wanted: bytes, depth: int = len(CONTAINERS)) -> Iterator[bytes]:
    """The boxes of a kind, inside the boxes that hold properties of items."""
    place = 0
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, place)
        begin = place + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, begin)
            begin += 8
        end = len(content) if length == 0 else place + length
        if end < begin:
            return
        if kind == wanted:
            yield content[begin:end]
        elif kind in CONTAINERS and depth:
            begin += 4 if kind == b"meta" else 0
            yield from _find(content[begin : min(end, begin + LARGEST_META)], wanted, depth - 1)
        place = end


_READERS: dict[str, Callable[[bytes], Size]] = {
    "jpeg": _read_jpeg,
    "png": _read_png,
    "webp": _read_webp,
    "avif": _read_avif,
}
