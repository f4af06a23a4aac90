"""USB/IP, the kernel's way to attach a USB device that is elsewhere; here it is a program of this machine.

After Documentation/usb/usbip_protocol.rst, from where a device has been imported; all numbers are big-endian.
"""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

CONTROLLER = Path("/sys/devices/platform/vhci_hcd.0")
HIGH_SPEED = 3  # of enum usb_device_speed

HEADER_BYTES = 48
BASIC = struct.Struct(">5I")  # command, sequence number, device, direction, endpoint
SUBMIT = struct.Struct(">I4i8s")  # flags, buffer's length, first packet, packets, interval, setup
SUBMITTED = struct.Struct(">5i8x")  # status, bytes, first packet, packets, errors
UNLINK = struct.Struct(">I24x")  # the sequence number of what is to be taken back
UNLINKED = struct.Struct(">i24x")  # status
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
OUT, IN = 0, 1

DONE, STALLED, TAKEN_BACK = 0, -32, -104  # no error, EPIPE, ECONNRESET


@dataclass(frozen=True)
class Submit:
    """The host's wish: to send `data` to an endpoint, or to get up to `length` bytes from it."""

    sequence: int
    endpoint: int
    is_in: bool
    length: int
    setup: bytes = bytes(8)  # endpoint 0's request
    data: bytes = b""  # out alone; follows the header


@dataclass(frozen=True)
class Unlink:
    """The host takes a wish back."""

    sequence: int
    target: int  # its sequence number


Command: TypeAlias = Submit | Unlink


def unpack_command(header: bytes) -> Command:
    """Read a header of HEADER_BYTES. Raises ValueError if it is none of the host's."""
    command, sequence, _, direction, endpoint = BASIC.unpack_from(header)
    if command == CMD_UNLINK:
        return Unlink(sequence, UNLINK.unpack_from(header, BASIC.size)[0])
    if command != CMD_SUBMIT:
        raise ValueError(f"USB/IP command {command:#x}, expected {CMD_SUBMIT} or {CMD_UNLINK}")
    _, length, _, _, _, setup = SUBMIT.unpack_from(header, BASIC.size)
    return Submit(sequence, endpoint, direction == IN, length, setup)


def pack_submitted(wish: Submit, status: int, data: bytes = b"") -> bytes:
    """What became of a wish; `data` is what the host gets, for one that sends its own it is nothing."""
    count = len(data) if wish.is_in else len(wish.data)
    head = BASIC.pack(RET_SUBMIT, wish.sequence, 0, 0, 0) + SUBMITTED.pack(status, count, 0, 0, 0)
    return head + data


def pack_unlinked(wish: Unlink, status: int) -> bytes:
    """TAKEN_BACK: it was still waiting, and is not answered any more; DONE: it had been answered."""
    return BASIC.pack(RET_UNLINK, wish.sequence, 0, 0, 0) + UNLINKED.pack(status)


def receive_command(line: socket.socket) -> Command | None:
    """The host's next command with its data; None when it has gone."""
    header = _receive(line, HEADER_BYTES)
    if header is None:
        return None
    command = unpack_command(header)
    if not isinstance(command, Submit) or command.is_in or command.length == 0:
        return command
    data = _receive(line, command.length)
    return (
        None
        if data is None
        else Submit(command.sequence, command.endpoint, False, len(data), command.setup, data)
    )


def attach(port: int, device: int = 1) -> socket.socket:
    """Plug a device into one of the controller's ports; returns the line to its host. Raises OSError."""
    ours, hosts = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with hosts:
        (CONTROLLER / "attach").write_text(f"{port} {hosts.fileno()} {device} {HIGH_SPEED}")
    return ours


def _receive(line: socket.socket, count: int) -> bytes | None:
    """So many bytes; None if the line ends before."""
    parts = bytearray()
    while len(parts) < count:
        try:
            part = line.recv(count - len(parts))
        except ConnectionResetError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)
