"""What the emulated camera answers to its host."""

import struct
from pathlib import Path

import pytest
from guest.usb_camera import SETUP, Switches, UsbCamera, picture_name
from guest.uvc_descriptors import FORMATS, configuration_descriptor
from guest.uvc_stream import Choice, pack_probe, unpack_probe

GET, SET = 0xA1, 0x21  # class requests to an interface
SET_CUR, GET_CUR, GET_MAX, GET_LEN = 0x01, 0x81, 0x83, 0x85
LENS, PROCESSOR = 0x0100, 0x0200  # entities, at the control interface
PROBE, COMMIT = 0x0100, 0x0200


@pytest.fixture
def camera(tmp_path: Path) -> UsbCamera:
    (tmp_path / picture_name(0, "MJPG", FORMATS[0].modes[0])).write_bytes(b"picture")
    return UsbCamera(tmp_path)


def ask(
    camera: UsbCamera, kind: int, request: int, value: int, index: int, data: bytes = b"", length: int = 64
) -> bytes | None:
    return camera.control(SETUP.pack(kind, request, value, index, length), data, now_s=0.0)


def test_a_descriptor_is_cut_to_what_the_host_takes(camera: UsbCamera) -> None:
    assert ask(camera, 0x80, 6, 0x0200, 0, length=9) == configuration_descriptor()[:9]


def test_a_descriptor_that_it_has_not_is_refused(camera: UsbCamera) -> None:
    assert ask(camera, 0x80, 6, 0x0F00, 0) is None
    assert ask(camera, 0x80, 6, 0x0309, 0) is None


def test_a_control_keeps_what_is_set(camera: UsbCamera) -> None:
    assert ask(camera, SET, SET_CUR, 0x0200, PROCESSOR, struct.pack("<H", 200)) == b""
    assert ask(camera, GET, GET_CUR, 0x0200, PROCESSOR) == b"\xc8\x00"
    assert ask(camera, GET, GET_MAX, 0x0200, PROCESSOR) == b"\xff\x00"
    assert ask(camera, GET, GET_LEN, 0x0200, PROCESSOR) == b"\x02\x00"


def test_a_control_that_it_has_not_is_refused(camera: UsbCamera) -> None:
    assert ask(camera, GET, GET_CUR, 0x0300, PROCESSOR) is None


def test_it_streams_from_the_commit_until_the_endpoint_is_cleared(camera: UsbCamera) -> None:
    wanted = pack_probe(Choice(1, 1, 666_666))
    ask(camera, SET, SET_CUR, PROBE, 1, wanted)
    assert camera.stream is None
    assert unpack_probe(ask(camera, GET, GET_CUR, PROBE, 1) or b"") == Choice(1, 1, 666_666)
    ask(camera, SET, SET_CUR, COMMIT, 1, wanted)
    camera.tick(0.0)
    assert camera.stream is not None
    assert (camera.stream.take() or b"")[2:] == b"picture"
    ask(camera, 0x02, 1, 0, 0x81)
    assert camera.stream is None


def test_in_the_dark_it_takes_twice_the_time_while_it_may(camera: UsbCamera) -> None:
    ask(camera, SET, SET_CUR, COMMIT, 1, pack_probe(Choice(1, 1, 1_000_000)))
    camera.switches.turn("dark on")
    assert camera.interval_s == pytest.approx(0.2)
    ask(camera, SET, SET_CUR, 0x0300, LENS, b"\0")
    assert camera.interval_s == pytest.approx(0.1)


def test_a_stream_that_stalls_has_no_next_frame(camera: UsbCamera) -> None:
    ask(camera, SET, SET_CUR, COMMIT, 1, pack_probe(Choice()))
    assert camera.due_s == 0.0
    camera.switches.turn("stall on")
    assert camera.due_s is None


def test_a_switch_is_turned_by_a_line() -> None:
    switches = Switches()
    for line in ("pattern 7", "stall on"):
        switches.turn(line)
    assert switches == Switches(pattern=7, stall=True)
    switches.turn("stall off")
    assert not switches.stall
