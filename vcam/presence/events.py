"""v4l2loopback's own word: an event with the number of programs that stream from its node."""

import errno
import struct
from collections.abc import Mapping
from pathlib import Path

from vcam.presence.kernel import Kernel
from vcam.presence.probe import POLLPRI, Reading

VIDIOC_SUBSCRIBE_EVENT = 0x4020565A  # _IOW('V', 90, struct v4l2_event_subscription)
VIDIOC_DQEVENT = 0x80885659  # _IOR('V', 89, struct v4l2_event), of a 64-bit kernel
SUBSCRIPTION = struct.Struct("=3I20x")  # type, id, flags, reserved
EVENT = struct.Struct("=I4xI124x")  # type, then at byte 8 the payload's first word
SEND_INITIAL = 1
USAGE = 0x10E00001  # from 0.13: 1 while a program streams
UBUNTU_USAGE = 0x08000000  # Ubuntu's 0.12.7: how many programs stream
KINDS = (USAGE, UBUNTU_USAGE)  # newer Ubuntus send both
MOST_EVENTS = 64  # in one go; the driver keeps one


def subscribe(kernel: Kernel, descriptor: int, kind: int) -> None:
    """Ask for these events, the first of them at once. Raises OSError if the driver does not know them."""
    kernel.ioctl(descriptor, VIDIOC_SUBSCRIBE_EVENT, SUBSCRIPTION.pack(kind, 0, SEND_INITIAL))


def newest_usage(kernel: Kernel, descriptor: int, kind: int) -> int | None:
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


class EventProbe:
    """Reads the level through a descriptor that is fresh each time, and waits on the last one.

    A subscription that lasts answers SEND_INITIAL once; only a new descriptor is told the level again. The
    old one is closed first: the driver would queue the new one's answer to it, too, and takes few openers.
    """

    def __init__(self, node: Path, kind: int, kernel: Kernel) -> None:
        self.node = node
        self._kind = kind
        self._kernel = kernel
        self._descriptor: int | None = None

    @property
    def waits(self) -> Mapping[int, int]:
        # nothing but POLLPRI: asked for more, the driver would go on to look for frames
        return {} if self._descriptor is None else {self._descriptor: POLLPRI}

    def read(self, now_ns: int) -> Reading:
        self.close()
        try:
            self._descriptor = self._kernel.open(self.node)
            subscribe(self._kernel, self._descriptor, self._kind)
            usage = newest_usage(self._kernel, self._descriptor, self._kind)
        except OSError:
            self.close()
            return Reading(None)
        return Reading(None if usage is None else usage > 0)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._kernel.close(descriptor)
