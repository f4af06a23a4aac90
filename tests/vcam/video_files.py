"""Small recordings, made in a test."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame


def write_video(
    path: Path,
    count: int = 10,
    *,
    size: tuple[int, int] = (64, 48),
    fps: int = 10,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: list[int] | None = None,
    title: str = "",
) -> Path:
    """Write `count` grey pictures, 16 code values apart; `pts` are in frames."""
    with av.open(str(path), "w") as container:
        if title:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = Fraction(1, fps)
        for number in range(count):
            picture = grey_picture(size, 16 + 16 * number % 220, pix_fmt)
            picture.pts = pts[number] if pts else number
            picture.time_base = Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def grey_picture(size: tuple[int, int], level: int, pix_fmt: str = "yuv420p") -> VideoFrame:
    return flat_picture(size, (level, 128, 128), pix_fmt)


def flat_picture(size: tuple[int, int], yuv: tuple[int, int, int], pix_fmt: str = "yuv420p") -> VideoFrame:
    """One colour, given as code values of the three planes."""
    picture = VideoFrame(*size, pix_fmt)
    for plane, level in zip(picture.planes, yuv, strict=True):
        plane.update(np.full(plane.buffer_size, level, np.uint8).tobytes())
    return picture
