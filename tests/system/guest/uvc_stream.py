"""How pictures travel from a webcam: what host and camera agree on, and payloads with their headers."""

import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from guest.uvc_descriptors import FORMATS, Format, Mode

# hint, format, frame, interval, four of compression, delay, largest picture and payload, clock, four flags
PROBE = struct.Struct("<HBBI5HIII4B")
CLOCK_HZ = 1_000_000
PAYLOAD_BYTES = 16384  # uvcvideo's transfers are as large: a payload is one of them
HEADER_BYTES = 2
END_OF_FRAME, END_OF_HEADER = 0x02, 0x80


@dataclass(frozen=True)
class Choice:
    """What is streamed: a format and a mode, counted from 1, and the time between frames in 100 ns."""

    format: int = 1
    mode: int = 1
    interval: int = FORMATS[0].modes[0].intervals[0]


def kind_of(choice: Choice, formats: Sequence[Format] = FORMATS) -> tuple[str, Mode]:
    """Its fourcc and its mode."""
    kind = formats[choice.format - 1]
    return kind.fourcc, kind.modes[choice.mode - 1]


def pack_probe(choice: Choice, formats: Sequence[Format] = FORMATS) -> bytes:
    """The answer to probe and commit, as long as revision 1.1 has it."""
    _, mode = kind_of(choice, formats)
    compression_and_delay = (0,) * 5
    asked = (1, choice.format, choice.mode, choice.interval, *compression_and_delay)
    return PROBE.pack(*asked, mode.most_bytes, PAYLOAD_BYTES, CLOCK_HZ, 3, 0, 1, 1)


def unpack_probe(data: bytes, formats: Sequence[Format] = FORMATS) -> Choice:
    """What the host asks for, brought to what there is: the nearest interval of the mode."""
    _, number, index, interval, *_ = PROBE.unpack(data.ljust(PROBE.size, b"\0")[: PROBE.size])
    number = min(max(number, 1), len(formats))
    index = min(max(index, 1), len(formats[number - 1].modes))
    mode = formats[number - 1].modes[index - 1]
    nearest = min(mode.intervals, key=lambda given: abs(given - interval)) if interval else mode.intervals[0]
    return Choice(number, index, nearest)


def payloads(picture: bytes, parity: int, most: int = PAYLOAD_BYTES) -> Iterator[bytes]:
    """A picture cut to payloads of at most so many bytes, headers included; the last one says that it is.

    parity  0 and 1 in turn: frames are told apart by it
    """
    room = most - HEADER_BYTES
    for start in range(0, len(picture), room):
        is_last = start + room >= len(picture)
        flags = END_OF_HEADER | (END_OF_FRAME if is_last else 0) | parity
        yield bytes((HEADER_BYTES, flags)) + picture[start : start + room]


class Stream:
    """The payloads of one stream, as many frames a second as are asked for; the newest picture at each.

    start_s  a monotonic clock's time: the first frame's
    """

    def __init__(self, start_s: float) -> None:
        self.due_s = start_s
        self._parity = 0
        self._ready: deque[bytes] = deque()

    def tick(self, now_s: float, interval_s: float, picture: Callable[[], bytes]) -> None:
        """Begin the frame that is due; none if the host has not taken the last one: it keeps no more."""
        if now_s < self.due_s:
            return
        self.due_s = max(self.due_s + interval_s, now_s)
        if not self._ready:
            self._ready.extend(payloads(picture(), self._parity))
            self._parity ^= 1

    def take(self) -> bytes | None:
        """The next payload; None if there is none yet."""
        return self._ready.popleft() if self._ready else None
