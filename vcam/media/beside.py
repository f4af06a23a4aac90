"""What a picture file has beside its pixels, EXIF block and ICC profile, read and kept by OpenCV."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vcam.frame import Plane, Size
from vcam.media.exif import PREFIX, follow
from vcam.media.whole import JPEG_BEGIN, LARGEST, read_segments

FIRST = (4, 13)  # the OpenCV that knows profiles; with an older one nothing is kept
APP1, APP2 = 0xE1, 0xE2  # the segments of a JPEG that have EXIF block and profile
COLOURS = slice(16, 20)  # of a profile: what its colours are
READ = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass(frozen=True)
class Beside:
    """An EXIF block, from its TIFF header on, and an ICC profile; empty if there is none."""

    exif: bytes = b""
    profile: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.exif or self.profile)


def read_beside(path: Path) -> Beside:
    """What a JPEG, PNG or WebP file has; nothing of another kind, or of one that cannot be read."""
    if not can_keep():
        return Beside()
    try:
        with path.open("rb") as file:  # OpenCV takes no path that is not UTF-8
            content = file.read(LARGEST)
        if content.startswith(JPEG_BEGIN):
            content = _without_pixels(content)
        _, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(content, np.uint8), flags=READ)
    except (OSError, cv2.error):
        return Beside()
    found = {int(kind): bytes(np.asarray(block).tobytes()) for kind, block in zip(kinds, blocks, strict=True)}
    exif = found.get(cv2.IMAGE_METADATA_EXIF, b"").removeprefix(PREFIX)
    return Beside(exif, found.get(cv2.IMAGE_METADATA_ICCP, b""))


def encode(ending: str, pixels: Plane, options: list[int], beside: Beside, size: Size) -> bytes:
    """A picture file of pixels (H, W, 3 or 4), BGR, with what is beside them.

    size  (width, height) of the picture, which the EXIF block says from now on, as it says that it is upright
    """
    if not beside:
        return cv2.imencode(ending, pixels, options)[1].tobytes()
    kinds, blocks = [], []
    if beside.exif:
        kinds.append(cv2.IMAGE_METADATA_EXIF)
        blocks.append(_row(follow(beside.exif, size)))
    if beside.profile[COLOURS] == b"RGB ":
        kinds.append(cv2.IMAGE_METADATA_ICCP)
        blocks.append(_row(beside.profile))
    encoded: Any = cv2.imencodeWithMetadata(ending, pixels, kinds, blocks, options)[1]
    return bytes(encoded.tobytes())


def can_keep() -> bool:
    """Whether this OpenCV reads and writes what is beside the pixels."""
    return hasattr(cv2, "imdecodeWithMetadata") and hasattr(cv2, "IMAGE_METADATA_ICCP")


def _without_pixels(jpeg: bytes) -> bytes:
    """A JPEG file of one block, with what another one has beside its pixels.

    libjpeg prints what is wrong with the pixels of a damaged file.
    """
    kept = [segment for marker, segment in read_segments(jpeg) if marker in (APP1, APP2)]
    block = cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes()
    return block[:2] + b"".join(kept) + block[2:]


def _row(block: bytes) -> Plane:
    return np.frombuffer(block, np.uint8)[None]
