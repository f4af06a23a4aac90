"""As much of Linux's V4L2 as this program speaks: structs, and functions on an open node.

The numbers are those of linux/videodev2.h on x86 and ARM; other machines number ioctls otherwise.
"""

import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from vcam.frame import Packed, Size

CAP_CAPTURE, CAP_OUTPUT, CAP_IO_MC, CAP_DEVICE_CAPS = 0x1, 0x2, 0x20000000, 0x80000000
CAPTURE, OUTPUT = 1, 2  # V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_OUTPUT
FIELD_NONE, COLORSPACE_SRGB = 1, 8  # by V4L2's rules, YCbCr of sRGB is BT.601 limited if nothing else is said
YU12 = int.from_bytes(b"YU12", "little")  # V4L2's name of I420
NV12, YUYV, UYVY = (int.from_bytes(name, "little") for name in (b"NV12", b"YUYV", b"UYVY"))

CAPABILITY = struct.Struct("=16s32s32s3I12x")  # driver, card, bus, version, all capabilities, the node's own
# type; aligned as a pointer: width, height, fourcc, field, bytesperline, sizeimage, colorspace, five more
FORMAT = struct.Struct("@I0P12I152x")
PARAMETERS = struct.Struct("=5I184x")  # type, capability, mode, numerator and denominator of seconds a frame
BUFFER_TYPE = struct.Struct("@i")


def ioctl_number(direction: int, index: int, layout: struct.Struct) -> int:
    """An ioctl's number; direction 1 writes to the driver, 2 reads from it, 3 does both."""
    return direction << 30 | layout.size << 16 | ord("V") << 8 | index


QUERYCAP = ioctl_number(2, 0, CAPABILITY)
S_FMT = ioctl_number(3, 5, FORMAT)
STREAMON = ioctl_number(1, 18, BUFFER_TYPE)
STREAMOFF = ioctl_number(1, 19, BUFFER_TYPE)
S_PARM = ioctl_number(3, 22, PARAMETERS)


class Kernel(Protocol):
    """The system calls that ask a node; each raises OSError. A test answers them itself."""

    def open(self, path: str) -> int: ...

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes: ...

    def close(self, node: int) -> None: ...


class WritingKernel(Kernel, Protocol):
    """Those of a writer."""

    def write(self, node: int, frame: Packed) -> int: ...


class Linux:
    """The real ones."""

    def open(self, path: str) -> int:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes:
        return fcntl.ioctl(node, request, argument)

    def write(self, node: int, frame: Packed) -> int:
        return os.write(node, frame.data)

    def close(self, node: int) -> None:
        os.close(node)


@dataclass(frozen=True)
class Card:
    """What a node says of itself, at this moment: a v4l2loopback changes its capabilities."""

    driver: str  # "v4l2 loopback", "uvcvideo"
    name: str
    is_capture: bool  # pictures can be read from it
    is_output: bool  # pictures can be written to it
    needs_media_controller: bool = False  # gives nothing until its sensor and processor are set up elsewhere


@dataclass(frozen=True)
class Format:
    """A picture's layout in a driver's words.

    fourcc        as V4L2 counts it: YU12 for I420
    bytesperline  of the first plane
    sizeimage     bytes that a buffer holds; 0.12.7 rounds it up to whole pages of memory
    """

    width: int
    height: int
    fourcc: int
    bytesperline: int
    sizeimage: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {fourcc_name(self.fourcc)}"


def i420_format(size: Size) -> Format:
    """The layout of a packed Frame of this size."""
    width, height = size
    return Format(width, height, YU12, width, width * height * 3 // 2)


def fourcc_name(fourcc: int) -> str:
    """The four letters of a fourcc, without trailing spaces: "YU12", "Y16"."""
    return fourcc.to_bytes(4, "little").decode("ascii", "replace").rstrip("\0 ")


def query_card(path: Path, kernel: Kernel | None = None) -> Card | None:
    """What the node at a path says of itself, or None if it cannot be asked: no permission, no V4L2 node."""
    kernel = kernel or Linux()
    try:
        node = kernel.open(str(path))
    except OSError:
        return None
    try:
        return query(kernel, node)
    except OSError:
        return None
    finally:
        kernel.close(node)


def query(kernel: Kernel, node: int) -> Card:
    """Ask a node what it is. Raises OSError: ENOTTY if it is not a video device."""
    answer = kernel.ioctl(node, QUERYCAP, bytes(CAPABILITY.size))
    driver, name, _, _, physical, own = CAPABILITY.unpack(answer)
    caps = own if physical & CAP_DEVICE_CAPS else physical
    flags = (bool(caps & flag) for flag in (CAP_CAPTURE, CAP_OUTPUT, CAP_IO_MC))
    return Card(_text(driver), _text(name), *flags)


def set_format(kernel: Kernel, node: int, wanted: Format) -> Format:
    """Ask for a layout and return the one that the driver took instead: often another, without an error."""
    layout = (wanted.width, wanted.height, wanted.fourcc, FIELD_NONE, wanted.bytesperline, wanted.sizeimage)
    request = FORMAT.pack(OUTPUT, *layout, COLORSPACE_SRGB, 0, 0, 0, 0, 0)
    _, width, height, fourcc, _, bytesperline, sizeimage, *_ = FORMAT.unpack(
        kernel.ioctl(node, S_FMT, request)
    )
    return Format(width, height, fourcc, bytesperline, sizeimage)


def set_rate(kernel: Kernel, node: int, fps: float) -> Fraction:
    """Ask for frames a second and return what the driver took; it only tells its readers."""
    rate = Fraction(fps).limit_denominator(1001)
    request = PARAMETERS.pack(OUTPUT, 0, 0, rate.denominator, rate.numerator)
    *_, numerator, denominator = PARAMETERS.unpack(kernel.ioctl(node, S_PARM, request))
    return Fraction(denominator, numerator) if numerator else rate


def start_stream(kernel: Kernel, node: int) -> bool:
    """Say that frames will be written; False if this driver wants to hear that from the first `write`.

    0.12.7 takes whoever says this for its writer, and nobody else: it is what lets the next one in.
    0.15.0 keeps it for writers that map buffers and answers EINVAL to others. To map some would be no cure:
    it then refuses `write`.
    """
    try:
        kernel.ioctl(node, STREAMON, BUFFER_TYPE.pack(OUTPUT))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return True


def stop_stream(kernel: Kernel, node: int) -> None:
    kernel.ioctl(node, STREAMOFF, BUFFER_TYPE.pack(OUTPUT))


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace")
