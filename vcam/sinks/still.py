"""Still pictures that appear under their name only when they are whole."""

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from vcam.conversion.opencv import to_bgr
from vcam.errors import SinkError
from vcam.frame import Frame, Plane
from vcam.media.beside import Beside, encode
from vcam.partial import make_partial
from vcam.sinks.disk import explain, sync

STILL_ENDINGS = {
    ".png": [],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}


ALPHA_ENDINGS = (".png", ".webp")


def write_still(
    path: Path | str, frame: Frame, alpha: Plane | None = None, beside: Beside | None = None
) -> None:
    """Write one frame as a .png, .jpg or .webp picture, whole or not at all. Raises SinkError.

    alpha   opacity, (H, W) uint8 of any size, scaled to the frame's; ALPHA_ENDINGS only
    beside  what the file has beside its pixels
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in STILL_ENDINGS:
        raise SinkError(
            f"cannot write a picture to {path}: ending {ending!r}; use {', '.join(STILL_ENDINGS)}"
        )
    pixels = to_bgr(frame)
    if alpha is not None:
        scaled = cv2.resize(alpha, frame.size, interpolation=cv2.INTER_CUBIC)
        pixels = np.dstack((pixels, scaled))
    content = encode(ending, pixels, STILL_ENDINGS[ending], beside or Beside(), frame.size)
    try:
        _write_whole(path, content)
    except OSError as error:
        raise SinkError(explain(path, error)) from error


def _write_whole(path: Path, content: bytes) -> None:
    partial = make_partial(path)
    try:
        partial.write_bytes(content)
        sync(partial)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
