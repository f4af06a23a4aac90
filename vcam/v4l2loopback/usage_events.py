"""v4l2loopback's own events: how many programs stream from a node."""

import errno
import struct
from typing import Protocol

VIDIOC_SUBSCRIBE_EVENT = 0x4020565A  # _IOW('V', 90, struct v4l2_event_subscription)
VIDIOC_DQEVENT = 0x80885659  # _IOR('V', 89, struct v4l2_event), of a 64-bit kernel
SUBSCRIPTION = struct.Struct("=3I20x")  # type, id, flags, reserved
EVENT = struct.Struct("=I4xI124x")  # type, then at byte 8 the payload's first word
SEND_INITIAL = 1
USAGE = 0x10E00001  # from 0.13: 1 while a program streams
UBUNTU_USAGE = 0x08000000  # Ubuntu's 0.12.7: how many programs stream
EVENT_TYPES = (USAGE, UBUNTU_USAGE)  # newer Ubuntus send both
MOST_EVENTS = 64  # in one go; the driver keeps one


class Ioctl(Protocol):
    """The system call that this needs; raises OSError."""

    def ioctl(self, descriptor: int, request: int, data: bytes, /) -> bytes: ...


def subscribe(kernel: Ioctl, descriptor: int, kind: int) -> None:
    """Ask for these events; one is sent at once. Raises OSError if the driver does not know them."""
    kernel.ioctl(descriptor, VIDIOC_SUBSCRIBE_EVENT, SUBSCRIPTION.pack(kind, 0, SEND_INITIAL))


def newest_usage(kernel: Ioctl, descriptor: int, kind: int) -> int | None:
    """Take all waiting events; the payload of the last one of this kind, or None if there was none."""
    usage = None
    for _ in range(MOST_EVENTS):
        try:
            answer = kernel.ioctl(descriptor, VIDIOC_DQEVENT, bytes(EVENT.size))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EAGAIN):
                raise
            break
        found, payload = EVENT.unpack(answer)
        usage = payload if found == kind else usage
    return usage
