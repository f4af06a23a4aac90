"""Whether a file has its end: FFmpeg makes something of what is missing, and says nothing.

Sources: ITU-T T.81 B.1.1.2 (JPEG), PNG 11.2.5, RFC 9649 2.3 (WebP), GIF89a 27.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from vcam.media.containers import has_end

JPEG_BEGIN, JPEG_SCAN, JPEG_END = b"\xff\xd8\xff", 0xDA, 0xD9
DAMAGED = -1  # in place of a marker
MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # that ends the coded data: no stuffed byte, no restart
ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
PNG_BEGIN, PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND"
GIF_BEGINS, GIF_END = (b"GIF87a", b"GIF89a"), b"\0;"
MOST_AFTER_END = 1024  # bytes that some programs write behind the end of a GIF
LARGEST = 1 << 28  # bytes; what is larger is no photo


def is_whole(content: bytes) -> bool:
    """Whether a JPEG, PNG, WebP or GIF file has its end; True of what is none of these.

    What stands behind the end, as a phone's moving picture does, counts for nothing.
    """
    if content.startswith(JPEG_BEGIN):
        return _has_jpeg_end(content)
    if content.startswith(PNG_BEGIN):
        return content.find(PNG_END) >= 0
    if content[:4] + content[8:12] == b"RIFFWEBP":
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    if content.startswith(GIF_BEGINS):
        return GIF_END in content[-MOST_AFTER_END:]
    return True


def is_whole_file(path: Path) -> bool:
    """The same of a file, and of a recording whose container says how long it is.

    True of one that tells nothing, cannot be read, or is too large for a picture.
    """
    with suppress(OSError), path.open("rb") as file:
        if not has_end(file, os.fstat(file.fileno()).st_size):
            return False
        file.seek(0)
        head = file.read(12)
        begins = (JPEG_BEGIN, PNG_BEGIN, b"RIFF", *GIF_BEGINS)
        if head.startswith(begins):
            content = head + file.read(LARGEST)
            return len(content) > LARGEST or is_whole(content)
    return True


def read_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker and all bytes of each whole segment of a JPEG file, up to its first coded data."""
    for marker, begin, end in _walk(content):
        if marker in (DAMAGED, JPEG_SCAN, JPEG_END) or end > len(content):
            return
        yield marker, content[begin:end]


def _has_jpeg_end(content: bytes) -> bool:
    """Whether the first picture's segments lead to its end, or to damage, which is another matter."""
    return any(marker in (DAMAGED, JPEG_END) for marker, _, _ in _walk(content))


def _walk(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The marker, the place and the end of each segment of a JPEG file; coded data is passed over.

    A place without a marker is told as DAMAGED, after which nothing is.
    """
    place = 2
    while place + 2 <= len(content):
        marker = content[place + 1] if content[place] == 0xFF else DAMAGED
        if marker == 0xFF:  # a fill byte
            place += 1
        elif marker in ALONE:
            place += 2
        else:
            end = place + 2 + max(2, int.from_bytes(content[place + 2 : place + 4], "big"))
            yield marker, place, end
            if marker == DAMAGED:
                return
            if marker == JPEG_SCAN:
                found = MARKER.search(content, end)
                end = found.start() if found else len(content)
            place = end
