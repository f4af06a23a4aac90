"""Video nodes that list their pictures and controls, answered without a kernel.

Numbers and offsets are a 64-bit linux/videodev2.h's, not the program's own: so a wrong struct there is found.
"""

import errno
import os
from dataclasses import dataclass, field

from vcam.frame import Packed, Size

QUERYCAP, ENUM_FMT, G_CTRL, TRY_FMT = 0x80685600, 0xC0405602, 0xC008561B, 0xC0D05640
ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC02C564A, 0xC034564B
CAPTURE, OUTPUT, METADATA = 0x1, 0x2, 0x00800000
DEVICE_CAPS, IO_MC = 0x80000000, 0x20000000


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def at(argument: bytes, offset: int) -> int:
    return int.from_bytes(argument[offset : offset + 4], "little")


def put(argument: bytes, offset: int, *values: int) -> bytes:
    new = b"".join(value.to_bytes(4, "little") for value in values)
    return argument[:offset] + new + argument[offset + len(new) :]


@dataclass
class FakeNode:
    """What one node answers.

    caps       its own; those of all its device's nodes together are more
    pictures   rates, as (numerator, denominator) of seconds, by size by fourcc
    span       of sizes, where the driver tells no single ones: least and most
    controls   values by id
    """

    driver: str = "uvcvideo"
    card: str = "C920"
    caps: int = CAPTURE
    pictures: dict[str, dict[Size, list[tuple[int, int]]]] = field(default_factory=dict)
    span: tuple[Size, Size] | None = None
    controls: dict[int, int] = field(default_factory=dict)
    failure: int = 0

    def ioctl(self, request: int, argument: bytes) -> bytes:
        assert len(argument) == request >> 16 & 0x3FFF, "the struct is not of the size that its number says"
        if self.failure:
            raise refusal(self.failure)
        answers = {
            QUERYCAP: self._query,
            ENUM_FMT: self._format,
            TRY_FMT: self._try_format,
            ENUM_FRAMESIZES: self._size,
            ENUM_FRAMEINTERVALS: self._interval,
            G_CTRL: self._control,
        }
        if request not in answers:
            raise refusal(errno.ENOTTY)
        try:
            return answers[request](argument)
        except LookupError:
            raise refusal(errno.EINVAL) from None

    def _query(self, argument: bytes) -> bytes:
        texts = self.driver.encode().ljust(16, b"\0") + self.card.encode().ljust(32, b"\0") + bytes(32)
        everything = CAPTURE | METADATA | self.caps | DEVICE_CAPS
        return put(texts + bytes(24), 80, 0x060100, everything, self.caps)

    def _format(self, argument: bytes) -> bytes:
        assert at(argument, 4) == 1
        fourcc = list(self.pictures)[at(argument, 0)]
        return put(argument, 44, int.from_bytes(fourcc.encode().ljust(4), "little"))

    def _sizes(self, argument: bytes, offset: int) -> dict[Size, list[tuple[int, int]]]:
        return self.pictures[argument[offset : offset + 4].decode().strip()]

    def _size(self, argument: bytes) -> bytes:
        if self.span is not None:
            (least_w, least_h), (most_w, most_h) = self.span
            return put(argument, 8, 3, least_w, most_w, 2, least_h, most_h, 2)
        return put(argument, 8, 1, *list(self._sizes(argument, 4))[at(argument, 0)])

    def _interval(self, argument: bytes) -> bytes:
        intervals = self._sizes(argument, 4)[at(argument, 8), at(argument, 12)]
        return put(argument, 16, 1, *intervals[at(argument, 0)])

    def _try_format(self, argument: bytes) -> bytes:
        """A v4l2loopback's answer: the picture there is, whatever is asked for."""
        assert at(argument, 0) == 1
        return put(argument, 8, *next(iter(self._sizes(argument, 16))))

    def _control(self, argument: bytes) -> bytes:
        return put(argument, 4, self.controls[at(argument, 0)])


@dataclass
class FakeKernel:
    """Nodes by their path; `refusals` has the errno of those that may not be opened."""

    nodes: dict[str, FakeNode] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    opened: dict[int, FakeNode] = field(default_factory=dict)

    def open(self, path: str) -> int:
        if path in self.refusals:
            raise refusal(self.refusals[path])
        if path not in self.nodes:
            raise refusal(errno.ENOENT)
        number = 1000 + len(self.opened)
        self.opened[number] = self.nodes[path]
        return number

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes:
        return self.opened[node].ioctl(request, argument)

    def write(self, node: int, frame: Packed) -> int:
        raise AssertionError("only looks")

    def close(self, node: int) -> None:
        del self.opened[node]
