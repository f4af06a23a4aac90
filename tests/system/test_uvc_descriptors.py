"""The camera's descriptors agree with themselves: a host trusts their lengths and counts."""

import struct
from collections.abc import Iterator

from guest import uvc_descriptors as uvc


def split(descriptors: bytes) -> Iterator[bytes]:
    """Each descriptor by the length that it says."""
    while descriptors:
        assert descriptors[0] >= 2
        yield descriptors[: descriptors[0]]
        descriptors = descriptors[descriptors[0] :]


def of_kind(kind: int, subtype: int | None = None) -> list[bytes]:
    """Those of the configuration of one kind."""
    parts = split(uvc.configuration_descriptor())
    return [part for part in parts if part[1] == kind and subtype in (None, part[2])]


def of_interface(number: int) -> bytes:
    """What is between an interface's own descriptor and the next interface or endpoint."""
    found, is_inside = b"", False
    for part in split(uvc.configuration_descriptor()):
        is_inside = (
            part[2] == number if part[1] == uvc.INTERFACE else is_inside and part[1] == uvc.CS_INTERFACE
        )
        found += part if is_inside and part[1] == uvc.CS_INTERFACE else b""
    return found


def test_the_device_descriptor_is_as_long_as_usb_has_it() -> None:
    descriptor = uvc.device_descriptor()
    assert (len(descriptor), descriptor[:2]) == (18, b"\x12\x01")


def test_the_configuration_s_total_is_its_length() -> None:
    descriptor = uvc.configuration_descriptor()
    assert struct.unpack_from("<H", descriptor, 2) == (len(descriptor),)
    assert sum(len(part) for part in split(descriptor)) == len(descriptor)


def test_the_interfaces_are_counted_and_belong_together() -> None:
    numbers = [part[2] for part in of_kind(uvc.INTERFACE)]
    (association,) = of_kind(uvc.ASSOCIATION)
    assert numbers == [uvc.CONTROL_INTERFACE, uvc.STREAMING_INTERFACE]
    assert uvc.configuration_descriptor()[4] == association[3] == len(numbers)


def test_an_interface_says_how_many_endpoints_follow_it() -> None:
    assert sum(part[4] for part in of_kind(uvc.INTERFACE)) == len(of_kind(uvc.ENDPOINT_TYPE)) == 1


def test_the_control_header_counts_its_entities() -> None:
    described = of_interface(uvc.CONTROL_INTERFACE)
    assert struct.unpack_from("<H", described, 5) == (len(described),)


def test_the_streaming_header_counts_its_formats() -> None:
    described = of_interface(uvc.STREAMING_INTERFACE)
    assert described[3] == len(uvc.FORMATS)
    assert struct.unpack_from("<H", described, 4) == (len(described),)


def test_each_entity_has_a_source_that_is_there() -> None:
    lens, output = (
        of_kind(uvc.CS_INTERFACE, uvc.INPUT_TERMINAL)[0],
        of_kind(uvc.CS_INTERFACE, uvc.OUTPUT_TERMINAL)[0],
    )
    processor = next(
        part for part in of_kind(uvc.CS_INTERFACE, uvc.PROCESSING_UNIT) if part[3] == uvc.PROCESSING
    )
    assert processor[4] == lens[3]
    assert output[7] == processor[3]


def test_a_frame_s_intervals_are_counted_and_rise() -> None:
    frames = of_kind(uvc.CS_INTERFACE, uvc.MJPG_FRAME)
    assert [struct.unpack_from("<2H", frame, 5) for frame in frames] == [(640, 480), (1280, 720)]
    for frame in frames:
        intervals = struct.unpack_from(f"<{frame[25]}I", frame, 26)
        assert len(frame) == 26 + 4 * frame[25]
        assert list(intervals) == sorted(intervals) == [333333, 666666, 1000000]


def test_a_string_is_utf_16_behind_its_length() -> None:
    assert uvc.string_descriptor("Bars") == b"\x0a\x03B\0a\0r\0s\0"
