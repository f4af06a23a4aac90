"""Which pictures a node can give, and at which rates: V4L2's enumerations, and one control's value."""

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from vcam.frame import Size
from vcam.v4l2.device import CAPTURE, FORMAT, Kernel, fourcc_name, ioctl_number

DESCRIPTION = struct.Struct("=3I32s2I12x")  # index, type, flags, text, fourcc, bus code
FRAME_SIZE = struct.Struct("=3I6I8x")  # index, fourcc, kind; width and height, or those of a range
FRAME_INTERVAL = struct.Struct("=5I6I8x")  # index, fourcc, width, height, kind; seconds, or those of a range
CONTROL = struct.Struct("=Ii")  # id, value

ENUM_FMT = ioctl_number(3, 2, DESCRIPTION)
G_CTRL = ioctl_number(3, 27, CONTROL)
TRY_FMT = ioctl_number(3, 64, FORMAT)
ENUM_FRAMESIZES = ioctl_number(3, 74, FRAME_SIZE)
ENUM_FRAMEINTERVALS = ioctl_number(3, 75, FRAME_INTERVAL)

DISCRETE = 1  # else a range, of which only the ends are told
AT_MOST = 256  # of each list: a driver that never says that its list has ended does not hold us
EXPOSURE_DYNAMIC_FRAMERATE = 0x009A0903  # V4L2_CID_EXPOSURE_AUTO_PRIORITY: longer exposure, fewer frames


@dataclass(frozen=True)
class Mode:
    """A picture that a node gives.

    fourcc  four letters, as V4L2 writes them: MJPG, YUYV, YU12
    size    discrete; of a range of sizes, the largest
    fps     rates in falling order; of a range of rates, the highest; empty where the driver tells none
    """

    fourcc: str
    size: Size
    fps: tuple[float, ...]
    is_discrete: bool = True

    def __str__(self) -> str:
        fps = f" {self.fps[0]:g} fps" if self.fps else ""
        return f"{self.fourcc} {self.size[0]}x{self.size[1]}{fps}"


def list_modes(kernel: Kernel, node: int) -> list[Mode]:
    """All pictures that can be read from a node, in its driver's order. Raises OSError if it is gone.

    One question for each format, size and rate: some drivers have thousands.
    """
    return [
        Mode(fourcc_name(fourcc), size, _list_rates(kernel, node, fourcc, size), is_discrete)
        for fourcc in list_formats(kernel, node)
        for size, is_discrete in _list_sizes(kernel, node, fourcc)
    ]


def has_single_sizes(kernel: Kernel, node: int, fourcc: int) -> bool:
    """Whether a node names single sizes of a format, and not a range. Raises OSError if it is gone."""
    return next((is_discrete for _, is_discrete in _list_sizes(kernel, node, fourcc)), False)


def list_formats(kernel: Kernel, node: int) -> list[int]:
    """The fourccs that can be read from a node. Raises OSError if it is gone."""
    answers = _enumerate(kernel, node, ENUM_FMT, DESCRIPTION, CAPTURE)
    return [answer[4] for answer in answers]


def takes_size(kernel: Kernel, node: int, fourcc: int, size: Size) -> bool:
    """Whether a reader that asks for this picture would get one of this size; nothing is changed."""
    request = FORMAT.pack(CAPTURE, *size, fourcc, *[0] * 9)
    try:
        answer = FORMAT.unpack(kernel.ioctl(node, TRY_FMT, request))
    except OSError as error:
        return _no(error)
    return tuple(answer[1:3]) == size


def read_control(kernel: Kernel, node: int, control: int) -> int | None:
    """A control's value, or None if the device has no such control. Raises OSError if it is gone."""
    try:
        return CONTROL.unpack(kernel.ioctl(node, G_CTRL, CONTROL.pack(control, 0)))[1]
    except OSError as error:
        _no(error)
    return None


def _list_sizes(kernel: Kernel, node: int, fourcc: int) -> Iterator[tuple[Size, bool]]:
    for _, _, kind, *sides in _enumerate(kernel, node, ENUM_FRAMESIZES, FRAME_SIZE, fourcc):
        if kind == DISCRETE:
            yield (sides[0], sides[1]), True
        else:
            yield (sides[1], sides[4]), False  # least, most and step of the width, then of the height
            return  # a range says everything at once


def _list_rates(kernel: Kernel, node: int, fourcc: int, size: Size) -> tuple[float, ...]:
    """A range's first interval is its shortest, so that what is read is the highest rate in both cases."""
    answers = _enumerate(kernel, node, ENUM_FRAMEINTERVALS, FRAME_INTERVAL, fourcc, *size)
    rates = {Fraction(answer[6], answer[5]) for answer in answers if answer[5]}
    return tuple(round(float(rate), 3) for rate in sorted(rates, reverse=True))


def _enumerate(
    kernel: Kernel, node: int, request: int, layout: struct.Struct, *asked: int
) -> Iterator[tuple[int, ...]]:
    """The answers of a driver to rising indices until it has no more.

    asked  the words behind the index
    """
    for index in range(AT_MOST):
        words = struct.pack(f"={1 + len(asked)}I", index, *asked)
        try:
            answer = layout.unpack(kernel.ioctl(node, request, words.ljust(layout.size, b"\0")))
        except OSError as error:
            _no(error)
            return
        yield answer


def _no(error: OSError) -> bool:
    """False for the errors that mean "no more" or "not with this driver"; raises any other again."""
    if error.errno not in (errno.EINVAL, errno.ENOTTY, errno.ENODATA, errno.EIO, errno.EBUSY):
        raise error
    return False
