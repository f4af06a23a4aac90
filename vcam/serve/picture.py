"""A picture file restored: decoded, restored, and encoded with its EXIF block and colour profile."""

import io
import os
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from vcam.api.sharpener import Sharpener
from vcam.conversion.alpha import alpha_of, opaque
from vcam.conversion.geometry import turn_plane
from vcam.conversion.opencv import to_bgr
from vcam.conversion.pyav import to_frame
from vcam.conversion.sdr import needs_mapping
from vcam.errors import VcamError
from vcam.frame import Frame, Plane, Size, parse_size
from vcam.media.exif import PREFIX, follow
from vcam.media.orientation import find_exif
from vcam.media.reading import Recording
from vcam.restore.fit import fit_values
from vcam.serve.kinds import KINDS, PICTURES_TAKEN, Kind, picture_kind
from vcam.serve.options import Options, PictureOptions
from vcam.serve.recording import check_demuxer
from vcam.serve.refusal import UNUSABLE, RefusedError

# as Pillow takes them; AVIF at its default speed takes 9 s for 1280x960, at this one 0.4 s, no worse
ENCODING: dict[str, dict[str, int]] = {
    "jpeg": {"quality": 95},
    "png": {"compress_level": 3},
    "webp": {"quality": 95},
    "avif": {"quality": 90, "speed": 9, "max_threads": 1},
}
LONGEST_JPEG_EXIF = 65_533  # bytes that a segment has room for
NAME = "the picture"


@dataclass(frozen=True)
class Restored:
    """An encoded picture.

    notes  what could not be kept, a sentence each
    """

    content: bytes
    media_type: str
    size: Size
    model: str
    notes: tuple[str, ...] = ()


@dataclass
class Beside:
    """What a file has beside its colours.

    exif     from its prefix on; empty if there is none
    profile  ICC; empty if there is none
    """

    exif: bytes = b""
    profile: bytes = b""
    notes: list[str] = field(default_factory=list)

    @property
    def colours(self) -> bytes:
        """What the profile is for: b"RGB ", b"GRAY", b"CMYK"; empty without one."""
        return self.profile[16:20]


def restore_picture(content: bytes, options: PictureOptions, pick: Callable[[str], Sharpener]) -> Restored:
    """Restore a JPEG, PNG, WebP or AVIF file.

    pick  gives what restores by a model's name; raises VcamError if there is none

    Raises RefusedError if the file or the options cannot be used.
    """
    kind = picture_kind(content[:64])
    wanted = KINDS[options.format or kind.name]
    beside = read_beside(content, kind)
    frame, alpha = decode(content, kind, beside)
    sharp = pick(options.model)
    asked = asked_size(frame.size, options)
    restored = sharp(frame, **asked, strength=options.strength, crispness=options.crispness)
    pixels = to_bgr(restored)
    if alpha is not None and not wanted.has_alpha:
        pixels = lay_on_white(pixels, alpha)
        beside.notes.append("transparent parts are laid on white")
        alpha = None
    return Restored(
        encode(pixels, alpha, wanted, beside),
        wanted.media_type,
        restored.size,
        sharp.model,
        tuple(beside.notes),
    )


def asked_size(size: Size, options: Options) -> dict[str, Any]:
    """`size` and `scale` as a Sharpener takes them. Raises RefusedError if that cannot be."""
    try:
        box = parse_size(options.size) if options.size else None
        fit_values(size, box, options.scale)
    except ValueError as error:
        raise RefusedError(UNUSABLE, str(error)) from None
    return {"size": box, "scale": options.scale}


def decode(content: bytes, kind: Kind, beside: Beside) -> tuple[Frame, Plane | None]:
    """The picture, upright, and its opacity (H, W) uint8, None if all of it is opaque.

    beside  of the same file; its profile is dropped if the colours become others here

    Raises RefusedError if it is damaged, or smaller or larger than a Frame can be.
    """
    with in_memory(content) as path:
        try:
            check_demuxer(path, kind.demuxers, PICTURES_TAKEN)
            with Recording(path) as recording:
                first, geometry = recording.first, recording.geometry
                if beside.profile and needs_mapping(first):
                    beside.profile = b""
                    beside.notes.append("the colour profile is left out: the colours are those of sRGB now")
                alpha = alpha_of(first)
                if alpha is not None:
                    first = opaque(first)
                beside.notes += recording.left_out
                frame = to_frame(first, 0, 0, is_cut=True, geometry=geometry)
                return frame, None if alpha is None else turn_plane(alpha, geometry)
        except RefusedError:
            raise
        except (VcamError, av.FFmpegError) as error:
            raise RefusedError(UNUSABLE, str(error).replace(str(path), NAME)) from None


@contextmanager
def in_memory(content: bytes) -> Iterator[Path]:
    """The path of a file that is in memory alone and ends with this process at the latest."""
    handle = os.memfd_create("picture", os.MFD_CLOEXEC)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        yield Path(f"/proc/self/fd/{handle}")


def read_beside(content: bytes, kind: Kind) -> Beside:
    """The EXIF block and the colour profile of a file. Raises RefusedError if it is damaged or animated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its pixels are counted already
        try:
            image = Image.open(io.BytesIO(content), formats=[kind.pillow])
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
            raise RefusedError(
                UNUSABLE, f"the {kind.pillow} file cannot be read: it is damaged or cut short"
            ) from None
    if image.format != "MPO" and getattr(image, "is_animated", False):
        remedy = "convert it to MP4, and send that to /v1/video"
        raise RefusedError(UNUSABLE, f"the picture is animated, expected one picture; {remedy}")
    exif = bytes(image.info.get("exif") or b"")
    if not exif and kind.name == "png":  # behind the pixels, which Pillow has not read
        with suppress(struct.error):
            exif = find_exif(io.BytesIO(content))
    if exif and not exif.startswith(PREFIX):
        exif = PREFIX + exif
    return Beside(exif, bytes(image.info.get("icc_profile") or b""))


def encode(pixels: Plane, alpha: Plane | None, kind: Kind, beside: Beside) -> bytes:
    """A picture file.

    pixels  (H, W, 3) uint8, full-range BGR
    alpha   opacity, (h, w) uint8 of any size
    """
    height, width = pixels.shape[:2]
    if beside.colours == b"GRAY":
        planes = [cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)]
    else:
        planes = list(cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)))
    if alpha is not None:
        planes.append(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC))
    image = Image.fromarray(planes[0] if len(planes) == 1 else np.dstack(planes))
    out = io.BytesIO()
    image.save(out, kind.pillow, **ENCODING[kind.name], **_kept(beside, kind, (width, height)))
    return out.getvalue()


def _kept(beside: Beside, kind: Kind, size: Size) -> dict[str, bytes]:
    """What goes into the new file beside its pixels, as Pillow takes it."""
    kept = {}
    if beside.profile and beside.colours in (b"RGB ", b"GRAY"):
        kept["icc_profile"] = beside.profile
    elif beside.profile:
        beside.notes.append("the colour profile is left out: it is not for RGB")
    if beside.exif and (kind.name != "jpeg" or len(beside.exif) <= LONGEST_JPEG_EXIF):
        kept["exif"] = follow(beside.exif, size)
    elif beside.exif:
        beside.notes.append("the EXIF block is left out: it is too long for JPEG")
    return kept


def lay_on_white(pixels: Plane, alpha: Plane) -> Plane:
    """(H, W, 3) uint8 as it looks on white through an opacity of any size."""
    height, width = pixels.shape[:2]
    opacity = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC)[..., None].astype(np.uint16)
    return ((pixels * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
