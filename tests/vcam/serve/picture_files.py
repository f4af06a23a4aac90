"""Picture and video files made for a test."""

import io
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageCms

KINDS = ("jpeg", "png", "webp", "avif")
SIZE = (64, 48)


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Red on the left, blue on the right; what is transparent is so at the top."""
    width, height = size
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2] = (200, 40, 40)
    rgb[:, width // 2 :] = (40, 40, 200)
    if mode != "RGBA":
        return Image.fromarray(rgb).convert(mode)
    alpha = np.full((height, width, 1), 255, np.uint8)
    alpha[: height // 2] = 64
    return Image.fromarray(np.dstack((rgb, alpha)))


def picture_file(kind: str, image: Image.Image | None = None, **beside: object) -> bytes:
    """A file of a kind; `beside` is what Pillow's save takes, exif and icc_profile among it."""
    out = io.BytesIO()
    (image or picture()).save(out, kind.upper(), **beside)
    return out.getvalue()


def open_picture(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def exif_block(orientation: int = 6) -> bytes:
    """An EXIF block with a maker, a place and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera Works"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8769)[0xA002] = SIZE[0]
    return exif.tobytes()


@cache  # it has the time of day in it
def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def video_file(path: Path, frames: int = 6, size: tuple[int, int] = SIZE) -> bytes:
    """An MP4 file of so many frames."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            rgb = np.full((size[1], size[0], 3), 40 * number % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    return path.read_bytes()
