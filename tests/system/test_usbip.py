"""USB/IP's headers, as the kernel packs and reads them."""

import socket
import struct

import pytest
from guest import usbip

SETUP = bytes.fromhex("8006000100004000")  # the device's descriptor


def submit(endpoint: int, direction: int, length: int, setup: bytes = bytes(8)) -> bytes:
    """A wish of the host with the number 7, by the document's table."""
    return (
        struct.pack(">5I", 1, 7, 65537, direction, endpoint) + struct.pack(">I4i", 0, length, 0, 0, 0) + setup
    )


def test_a_wish_to_read_is_unpacked() -> None:
    wish = usbip.unpack_command(submit(0, 1, 64, SETUP))
    assert wish == usbip.Submit(7, endpoint=0, is_in=True, length=64, setup=SETUP)


def test_a_wish_taken_back_names_the_other() -> None:
    header = struct.pack(">5I", 2, 9, 65537, 0, 0) + struct.pack(">I24x", 7)
    assert usbip.unpack_command(header) == usbip.Unlink(9, target=7)


def test_a_command_that_is_no_host_s_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 or 2"):
        usbip.unpack_command(struct.pack(">5I28x", 3, 7, 0, 0, 0))


def test_an_answer_has_a_header_its_count_and_its_data() -> None:
    answer = usbip.pack_submitted(usbip.Submit(7, 1, True, 512), usbip.DONE, b"picture")
    assert struct.unpack(">7I", answer[:28]) == (3, 7, 0, 0, 0, 0, len(b"picture"))
    assert len(answer) == usbip.HEADER_BYTES + len(b"picture")


def test_an_answer_to_data_counts_what_was_taken() -> None:
    answer = usbip.pack_submitted(usbip.Submit(7, 0, False, 3, SETUP, b"abc"), usbip.DONE)
    assert len(answer) == usbip.HEADER_BYTES
    assert struct.unpack(">i", answer[24:28]) == (3,)


def test_an_answer_to_what_is_taken_back_says_how() -> None:
    answer = usbip.pack_unlinked(usbip.Unlink(9, 7), usbip.TAKEN_BACK)
    assert struct.unpack(">5Ii", answer[:24]) == (4, 9, 0, 0, 0, -104)
    assert len(answer) == usbip.HEADER_BYTES


def test_data_that_comes_in_pieces_is_put_together() -> None:
    host, ours = socket.socketpair()
    with host, ours:
        host.sendall(submit(0, 0, 4, SETUP) + b"ab")
        host.sendall(b"cd")
        assert usbip.receive_command(ours) == usbip.Submit(7, 0, False, 4, SETUP, b"abcd")


def test_a_host_that_hangs_up_amid_a_header_has_gone() -> None:
    host, ours = socket.socketpair()
    with ours:
        host.sendall(submit(0, 1, 64)[:20])
        host.close()
        assert usbip.receive_command(ours) is None
