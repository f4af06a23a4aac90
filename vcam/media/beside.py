"""What a picture file has beside its pixels, EXIF block and ICC profile, read and kept by OpenCV."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vcam.frame import Plane, Size
from vcam.media.exif import PREFIX, follow

FIRST = (4, 13)  # the OpenCV that knows profiles; with an older one nothing is kept
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
        _, kinds, blocks = cv2.imreadWithMetadata(str(path), flags=READ)
    except cv2.error:
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
    return hasattr(cv2, "imreadWithMetadata") and hasattr(cv2, "IMAGE_METADATA_ICCP")


def _row(block: bytes) -> Plane:
    return np.frombuffer(block, np.uint8)[None]
