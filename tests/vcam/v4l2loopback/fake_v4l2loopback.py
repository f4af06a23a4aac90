"""A v4l2loopback node that follows the module's rules, answered without a kernel.

The rules were read in v4l2loopback.c of 0.12.7 (Debian 12) and 0.15.0 (Debian 13), with those of the kernel's
v4l2-ioctl.c in front of them. Numbers and offsets are a 64-bit linux/videodev2.h's, not the program's own, so
that a wrong struct there is found here.
"""

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from fake_node import at, put, refusal

from vcam.frame import Packed, Size

PAGE = 4096
QUERYCAP, S_FMT, S_PARM = 0x80685600, 0xC0D05605, 0xC0CC5616
STREAMON, STREAMOFF = 0x40045612, 0x40045613
NAMES = {QUERYCAP: "QUERYCAP", S_FMT: "S_FMT", S_PARM: "S_PARM", STREAMON: "STREAMON", STREAMOFF: "STREAMOFF"}
CAPTURE, OUTPUT = 1, 2  # as capabilities and as buffer types, by luck
STREAMING_READWRITE, DEVICE_CAPS = 0x05000000, 0x80000000
WIDTH, HEIGHT, FOURCC, BYTESPERLINE, SIZEIMAGE = 8, 12, 16, 24, 28  # offsets in struct v4l2_format
TIMEPERFRAME = 12  # offset in struct v4l2_streamparm
YU12 = 0x32315559


@dataclass
class Opener:
    """What the module keeps for each open file."""

    is_writer: bool = False  # 0.12.7: said STREAMON
    format_token: int = 0  # 0.15.0: owns the side's format; CAPTURE or OUTPUT
    stream_token: int = 0  # 0.15.0: streams


@dataclass
class FakeLoopback(ABC):
    """The node: a Kernel for the program under test, and what other programs and the world do to it.

    caps      as QUERYCAP last set them in the kernel, which then refuses S_FMT to a node without any
    calls     by name, in order
    failures  errno by the name of the call that is to fail
    alter     what the driver does to the layout it is asked for, if it is a strange one
    living    files of other programs that write a frame whenever time passes
    """

    driver: str = "v4l2 loopback"
    is_exclusive: bool = True
    size: Size = (0, 0)
    bytes_a_frame: int = 0
    buffer_size: int = 0
    openers: dict[int, Opener] = field(default_factory=dict)
    caps: int = CAPTURE | OUTPUT
    rate: tuple[int, int] = (30, 1)
    colorspace: int = 0
    written: list[bytes] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    alter: Callable[[bytes], bytes] = bytes
    max_write: int | None = None
    living: set[int] = field(default_factory=set)
    _next: int = 1000

    # the Kernel

    def open(self, path: str) -> int:
        self._call("open")
        self._next += 1
        self.openers[self._next] = Opener()
        return self._next

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes:
        self._call(NAMES.get(request, hex(request)))
        opener = self.openers[node]
        assert len(argument) == request >> 16 & 0x3FFF, "the struct is not of the size that its number says"
        if request == QUERYCAP:
            return self._query(opener)
        kind = at(argument, 0)
        if request == STREAMON:
            self._stream_on(opener, kind)
        elif request == STREAMOFF:
            self._stream_off(opener)
        elif not self.caps & (CAPTURE | OUTPUT):
            raise refusal(errno.EINVAL)  # the kernel, before the module is asked
        elif request == S_FMT:
            return self.alter(self._set_format(opener, argument))
        elif request == S_PARM:
            assert kind == OUTPUT
            seconds, frames = at(argument, TIMEPERFRAME), at(argument, TIMEPERFRAME + 4)
            self.rate = (frames, seconds)
        else:
            raise refusal(errno.ENOTTY)
        return argument

    def write(self, node: int, frame: Packed) -> int:
        self._call("write")
        self._take_frame(self.openers[node])
        data = frame.tobytes()[: self.buffer_size][: self.max_write]
        self.written.append(data)
        return len(data)

    def close(self, node: int) -> None:
        """Also what a kill does: the kernel closes the files of the dead."""
        self._call("close")
        opener = self.openers.pop(node)
        self.living.discard(node)
        self._closed(opener)

    # the world

    def sleep(self, seconds: float) -> None:
        self.calls.append("sleep")
        for node in self.living:
            self._take_frame(self.openers[node])

    def read(self, node: int) -> None:
        """What a program that watches does."""
        self._give_frame(self.openers[node])

    def announces(self) -> int:
        """CAPTURE, OUTPUT, both or 0: what a program that looks sees, without changing anything."""
        return CAPTURE | OUTPUT if not self.is_exclusive else self._exclusive_caps()

    # the module

    def _query(self, opener: Opener) -> bytes:
        self.caps = self.announces()
        own = STREAMING_READWRITE | self.caps
        texts = self.driver.encode().ljust(16, b"\0") + b"SharpKD Camera".ljust(32, b"\0") + bytes(32)
        return put(texts + bytes(24), 80, 0x060100, own | DEVICE_CAPS, own)

    def _set_format(self, opener: Opener, argument: bytes) -> bytes:
        """S_FMT for writers: the layout is the one in use, if the other side has one."""
        assert at(argument, 0) == OUTPUT
        if self._claim_format(opener):
            self.size = at(argument, WIDTH), at(argument, HEIGHT)
            self.bytes_a_frame = self.size[0] * self.size[1] * 3 // 2
            self.buffer_size = -(-self.bytes_a_frame // PAGE) * PAGE
            self.colorspace = at(argument, 32)
            sizeimage = self._fresh_sizeimage()
        else:
            sizeimage = self.bytes_a_frame
        width, height = self.size
        answer = put(argument, WIDTH, width, height, YU12)
        return put(answer, BYTESPERLINE, width, sizeimage)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failures:
            raise refusal(self.failures[name])

    @abstractmethod
    def _exclusive_caps(self) -> int: ...

    @abstractmethod
    def _claim_format(self, opener: Opener) -> bool:
        """Whether this file may choose the layout; raises EBUSY if another writer has."""

    @abstractmethod
    def _fresh_sizeimage(self) -> int: ...

    @abstractmethod
    def _stream_on(self, opener: Opener, kind: int) -> None: ...

    @abstractmethod
    def _stream_off(self, opener: Opener) -> None: ...

    @abstractmethod
    def _take_frame(self, opener: Opener) -> None: ...

    @abstractmethod
    def _give_frame(self, opener: Opener) -> None: ...

    @abstractmethod
    def _closed(self, opener: Opener) -> None: ...


@dataclass
class Loopback0127(FakeLoopback):
    """Two flags, which `write` lowers and only the close of a file that said STREAMON raises."""

    is_ready_for_capture: bool = False
    is_ready_for_output: bool = True

    def _exclusive_caps(self) -> int:
        return CAPTURE * self.is_ready_for_capture | OUTPUT * self.is_ready_for_output

    def _claim_format(self, opener: Opener) -> bool:
        return not self.is_ready_for_capture

    def _fresh_sizeimage(self) -> int:
        return self.buffer_size  # whole pages; a layout in use is told exactly

    def _stream_on(self, opener: Opener, kind: int) -> None:
        if kind == CAPTURE:
            opener.is_writer = False
            if not self.is_ready_for_capture:
                raise refusal(errno.EIO)
            return
        opener.is_writer = True  # before what can fail
        self._begin()

    def _stream_off(self, opener: Opener) -> None:
        pass

    def _take_frame(self, opener: Opener) -> None:
        self._begin()

    def _give_frame(self, opener: Opener) -> None:
        pass  # any number of readers

    def _begin(self) -> None:
        self.is_ready_for_output = False
        if not self.is_ready_for_capture:
            if not self.buffer_size:
                raise refusal(errno.EINVAL)
            self.is_ready_for_capture = True

    def _closed(self, opener: Opener) -> None:
        if not self.openers:
            self.is_ready_for_capture = False
            self.buffer_size = 0
        if opener.is_writer:
            self.is_ready_for_output = True


@dataclass
class Loopback0150(FakeLoopback):
    """Tokens: for each side one file owns the layout, and one streams; a close gives them back."""

    def _exclusive_caps(self) -> int:
        return CAPTURE if self._has_stream(OUTPUT) else OUTPUT

    def _claim_format(self, opener: Opener) -> bool:
        others = [other for other in self.openers.values() if other is not opener]
        if self._has_stream(OUTPUT) and opener.format_token != OUTPUT and self.is_exclusive:
            raise refusal(errno.EINVAL)
        opener.format_token = 0
        if any(other.format_token == OUTPUT for other in others):
            raise refusal(errno.EBUSY)
        opener.format_token = OUTPUT
        return not any(other.format_token for other in others)

    def _fresh_sizeimage(self) -> int:
        return self.bytes_a_frame

    def _stream_on(self, opener: Opener, kind: int) -> None:
        raise refusal(errno.EINVAL)  # no buffers were asked for

    def _stream_off(self, opener: Opener) -> None:
        opener.stream_token = 0

    def _take_frame(self, opener: Opener) -> None:
        self._begin(opener, OUTPUT)

    def _give_frame(self, opener: Opener) -> None:
        if not self._has_stream(OUTPUT):
            raise refusal(errno.EIO)
        self._begin(opener, CAPTURE)

    def _begin(self, opener: Opener, side: int) -> None:
        if opener.stream_token == side:
            return
        if opener.format_token not in (0, side) or self._has_stream(side):
            raise refusal(errno.EBUSY)
        opener.format_token = opener.stream_token = side

    def _has_stream(self, side: int) -> bool:
        return any(opener.stream_token == side for opener in self.openers.values())

    def _closed(self, opener: Opener) -> None:
        if not self.openers:
            self.buffer_size = 0
