"""What a webcam says of itself: the descriptors of a camera of USB Video Class 1.1 that streams over bulk.

After "Universal Serial Bus Device Class Definition for Video Devices", revision 1.1; all little-endian.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

UNITS_HZ = 10_000_000  # intervals are counted in 100 ns
VENDOR, PRODUCT = 0x1209, 0x0001  # pid.codes' numbers for tests
ENDPOINT, PACKET_BYTES = 0x81, 512
TERMINAL, PROCESSING, OUTPUT = 1, 2, 3  # entities, in the picture's order
CONTROL_INTERFACE, STREAMING_INTERFACE = 0, 1
AE_PRIORITY_BIT, BRIGHTNESS_BIT = 1 << 2, 1 << 0

DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT_TYPE, ASSOCIATION = 1, 2, 3, 4, 5, 11
CS_INTERFACE = 0x24
VIDEO, CONTROL, STREAMING, COLLECTION = 0x0E, 1, 2, 3
HEADER, INPUT_TERMINAL, OUTPUT_TERMINAL, PROCESSING_UNIT = 1, 2, 3, 5
INPUT_HEADER, RAW_FORMAT, RAW_FRAME, MJPG_FORMAT, MJPG_FRAME, COLOUR = 1, 4, 5, 6, 7, 0x0D
YUY2 = b"YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
LANGUAGE = struct.pack("<H", 0x0409)


@dataclass(frozen=True)
class Mode:
    """A picture's size, and the rates that it comes at, the first one by default."""

    width: int
    height: int
    fps: tuple[int, ...]

    @property
    def intervals(self) -> list[int]:
        return [UNITS_HZ // fps for fps in self.fps]

    @property
    def most_bytes(self) -> int:
        """What YUYV takes; no JPEG of ours takes more."""
        return 2 * self.width * self.height


@dataclass(frozen=True)
class Format:
    """A kind of picture, MJPG or YUYV, with its modes; formats and modes are counted from 1."""

    fourcc: str
    modes: tuple[Mode, ...]


FORMATS = (
    Format("MJPG", (Mode(640, 480, (30, 15, 10)), Mode(1280, 720, (30, 15, 10)))),
    Format("YUYV", (Mode(640, 480, (10,)),)),
)


def device_descriptor() -> bytes:
    """Of its strings, 1 names the maker, 2 the product, 3 its serial number."""
    body = struct.pack("<H4B3H4B", 0x0200, 0xEF, 2, 1, 64, VENDOR, PRODUCT, 0x0100, 1, 2, 3, 1)
    return _descriptor(DEVICE, body)


def string_descriptor(text: str | None) -> bytes:
    """A text, or, for None, the languages that there are."""
    return _descriptor(STRING, LANGUAGE if text is None else text.encode("utf-16-le"))


def configuration_descriptor(formats: Sequence[Format] = FORMATS) -> bytes:
    """The one configuration with all that is in it: two interfaces, which belong together."""
    association = _descriptor(ASSOCIATION, bytes((CONTROL_INTERFACE, 2, VIDEO, COLLECTION, 0, 0)))
    parts = association + _control_interface() + _streaming_interface(formats)
    total = 9 + len(parts)
    return _descriptor(CONFIGURATION, struct.pack("<H5B", total, 2, 1, 0, 0x80, 250)) + parts


def _control_interface() -> bytes:
    """A lens whose exposure may take longer than a frame, and a processor that knows brightness."""
    lens = struct.pack(
        "<BHBB3HB3s", TERMINAL, 0x0201, 0, 0, 0, 0, 0, 3, AE_PRIORITY_BIT.to_bytes(3, "little")
    )
    processor = struct.pack("<BBHBHBB", PROCESSING, TERMINAL, 0, 2, BRIGHTNESS_BIT, 0, 0)
    entities = _descriptor(CS_INTERFACE, bytes((INPUT_TERMINAL,)) + lens)
    entities += _descriptor(CS_INTERFACE, bytes((PROCESSING_UNIT,)) + processor)
    output = struct.pack("<BHBBB", OUTPUT, 0x0101, 0, PROCESSING, 0)
    entities += _descriptor(CS_INTERFACE, bytes((OUTPUT_TERMINAL,)) + output)
    header = struct.pack("<BHHIBB", HEADER, 0x0110, 13 + len(entities), 1_000_000, 1, STREAMING_INTERFACE)
    return _interface(CONTROL_INTERFACE, 0, CONTROL) + _descriptor(CS_INTERFACE, header) + entities


def _streaming_interface(formats: Sequence[Format]) -> bytes:
    """Its only setting has the endpoint: that is what says bulk."""
    described = b"".join(_format(number, kind) for number, kind in enumerate(formats, 1))
    count = len(formats)
    fixed = struct.pack(
        "<BBHB5BB", INPUT_HEADER, count, 13 + count + len(described), ENDPOINT, 0, OUTPUT, 0, 0, 0, 1
    )
    header = _descriptor(CS_INTERFACE, fixed + bytes(count))
    endpoint = _descriptor(ENDPOINT_TYPE, struct.pack("<BBHB", ENDPOINT, 2, PACKET_BYTES, 0))
    return _interface(STREAMING_INTERFACE, 1, STREAMING) + header + described + endpoint


def _format(number: int, kind: Format) -> bytes:
    """BT.601 colours, sRGB's primaries."""
    count = len(kind.modes)
    if kind.fourcc == "MJPG":
        head, frame = struct.pack("<9B", MJPG_FORMAT, number, count, 1, 1, 0, 0, 0, 0), MJPG_FRAME
    else:
        head, frame = struct.pack("<3B16s6B", RAW_FORMAT, number, count, YUY2, 16, 1, 0, 0, 0, 0), RAW_FRAME
    frames = b"".join(_frame(frame, index, mode) for index, mode in enumerate(kind.modes, 1))
    return _descriptor(CS_INTERFACE, head) + frames + _descriptor(CS_INTERFACE, bytes((COLOUR, 1, 1, 4)))


def _frame(kind: int, number: int, mode: Mode) -> bytes:
    bits = [8 * mode.most_bytes * fps for fps in (min(mode.fps), max(mode.fps))]
    fixed = struct.pack("<3B2H", kind, number, 0, mode.width, mode.height)
    sizes = struct.pack("<4IB", *bits, mode.most_bytes, mode.intervals[0], len(mode.fps))
    return _descriptor(
        CS_INTERFACE, fixed + sizes + struct.pack(f"<{len(mode.fps)}I", *sorted(mode.intervals))
    )


def _interface(number: int, endpoints: int, subclass: int) -> bytes:
    return _descriptor(INTERFACE, bytes((number, 0, endpoints, VIDEO, subclass, 0, 0)))


def _descriptor(kind: int, body: bytes) -> bytes:
    """Every descriptor begins with its length and its kind."""
    return bytes((2 + len(body), kind)) + body
