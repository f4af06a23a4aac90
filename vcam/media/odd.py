"""Picture files that are films: what they are by their first bytes, as their endings do not tell."""

import os
import struct
from pathlib import Path

ANIMATION_FLAG = (
    0x02  # of VP8X's first byte, after https://developers.google.com/speed/webp/docs/riff_container
)
PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 1000  # before the pixels of a PNG


def is_animated(path: Path) -> bool:
    """Whether a file is a PNG or a WebP of several pictures; never of a pipe, for which nobody waits."""
    return os.path.isfile(path) and (is_animated_webp(path) or _is_animated_png(path))


def is_animated_webp(path: Path) -> bool:
    """Whether a file is a WebP of several pictures."""
    try:
        with path.open("rb") as file:
            head = file.read(21)
    except OSError:
        return False
    return head[:4] + head[8:16] == b"RIFFWEBPVP8X" and bool(head[20] & ANIMATION_FLAG)


def _is_animated_png(path: Path) -> bool:
    """Whether a PNG announces several pictures before its pixels: APNG's acTL chunk, PNG 11.3.6.1."""
    try:
        with path.open("rb") as file:
            if file.read(8) != PNG_BEGIN:
                return False
            for _ in range(MOST_CHUNKS):
                length, kind = struct.unpack(">I4s", file.read(8))
                if kind == b"acTL":
                    return int.from_bytes(file.read(4), "big") > 1
                if kind == b"IDAT":
                    return False
                file.seek(length + 4, 1)
    except (OSError, struct.error):
        pass
    return False
