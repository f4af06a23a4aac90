"""A webcam of USB Video Class, as a program: answers its host's requests, and streams pictures from files.

python3 -m guest.usb_camera PORT FOLDER plugs it into a port of the kernel's virtual host controller; it is
pulled when the program ends. FOLDER has its pictures, each named as `picture_name` does. On stdin it takes:

    pattern N      the picture
    dark on|off    too little light: half as many frames, if its exposure may take so long
    stall on|off   no more pictures, and no end of the stream
"""

import os
import select
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guest import usbip
from guest import uvc_descriptors as uvc
from guest.uvc_stream import PROBE, Choice, Stream, kind_of, pack_probe, unpack_probe

MAKER, NAME, SERIAL = "Bars", "Bars Webcam", "0042"
SETUP = struct.Struct("<BBHHH")  # request's type, request, value, index, length

STANDARD, ENDPOINT = 0x00, 0x02
GET_STATUS, CLEAR_FEATURE, GET_DESCRIPTOR, GET_CONFIGURATION, GET_INTERFACE = 0, 1, 6, 8, 10
SETTERS = (CLEAR_FEATURE, 3, 9, 11)  # features, configuration, interface: there is nothing to choose
SET_CUR, GET_CUR, GET_MIN, GET_MAX, GET_RES, GET_LEN, GET_INFO, GET_DEF = 1, *range(0x81, 0x88)
COMMIT = 2
GETS_AND_SETS = b"\3"


@dataclass
class Control:
    """A number that the host may set."""

    least: int
    most: int
    value: int
    bytes: int

    def answer(self, request: int, default: int) -> bytes | None:
        numbers = {GET_CUR: self.value, GET_MIN: self.least, GET_MAX: self.most, GET_RES: 1, GET_DEF: default}
        if request in numbers:
            return numbers[request].to_bytes(self.bytes, "little")
        return {GET_LEN: struct.pack("<H", self.bytes), GET_INFO: GETS_AND_SETS}.get(request)


@dataclass
class Switches:
    """What is done to the camera from outside."""

    pattern: int = 0
    dark: bool = False
    stall: bool = False

    def turn(self, line: str) -> None:
        name, word = line.split()
        kind = type(getattr(self, name))
        setattr(self, name, word == "on" if kind is bool else kind(word))


class UsbCamera:
    """The camera behind its plug: what it answers, and what it streams.

    folder  its pictures
    """

    def __init__(self, folder: Path) -> None:
        self.switches = Switches()
        self.stream: Stream | None = None
        self._folder = folder
        self._choice = Choice()
        self._exposes_longer = Control(0, 1, 1, 1)
        brightness = Control(0, 255, 128, 2)
        # by entity and selector: exposure's priority, brightness
        self._controls = {(uvc.TERMINAL, 3): self._exposes_longer, (uvc.PROCESSING, 2): brightness}
        self._defaults = {key: control.value for key, control in self._controls.items()}

    def control(self, setup: bytes, data: bytes, now_s: float) -> bytes | None:
        """The answer to a request on endpoint 0, empty if it only sets; None if there is no such request."""
        kind, request, value, index, length = SETUP.unpack(setup)
        if kind & 0x60 == STANDARD:
            answer = self._answer_standard(kind, request, value)
        elif index & 0xFF == uvc.STREAMING_INTERFACE:
            answer = self._agree(request, value >> 8, data, now_s)
        else:
            answer = self._answer_control(request, (index >> 8, value >> 8), data)
        return None if answer is None else answer[:length]

    @property
    def due_s(self) -> float | None:
        """When the next frame is, by the clock of `control`; None while none will be."""
        return None if self.stream is None or self.switches.stall else self.stream.due_s

    @property
    def interval_s(self) -> float:
        times = 2 if self.switches.dark and self._exposes_longer.value else 1
        return times * self._choice.interval / uvc.UNITS_HZ

    def tick(self, now_s: float) -> None:
        """Begin the frame that is due, if one is."""
        if self.stream is not None and not self.switches.stall:
            self.stream.tick(now_s, self.interval_s, self._picture)

    def _picture(self) -> bytes:
        return (self._folder / picture_name(self.switches.pattern, *kind_of(self._choice))).read_bytes()

    def _answer_standard(self, kind: int, request: int, value: int) -> bytes | None:
        if request == CLEAR_FEATURE and kind == ENDPOINT:
            self.stream = None  # so uvcvideo says that a stream over bulk has ended
        if request == GET_DESCRIPTOR:
            return _descriptor(value >> 8, value & 0xFF)
        if request in SETTERS:
            return b""
        return {GET_STATUS: bytes(2), GET_CONFIGURATION: b"\1", GET_INTERFACE: b"\0"}.get(request)

    def _agree(self, request: int, selector: int, data: bytes, now_s: float) -> bytes | None:
        """Probe and commit; from a commit on it streams."""
        if request == SET_CUR:
            self._choice = unpack_probe(data)
            self.stream = Stream(now_s) if selector == COMMIT else None
            return b""
        if request in (GET_LEN, GET_INFO):
            return struct.pack("<H", PROBE.size) if request == GET_LEN else GETS_AND_SETS
        return pack_probe(Choice() if request == GET_DEF else self._choice)

    def _answer_control(self, request: int, key: tuple[int, int], data: bytes) -> bytes | None:
        control = self._controls.get(key)
        if control is None:
            return None
        if request == SET_CUR:
            control.value = int.from_bytes(data, "little")
            return b""
        return control.answer(request, self._defaults[key])


class Plug:
    """The line between a camera and its host, and what the host waits for."""

    def __init__(self, camera: UsbCamera, line: usbip.socket.socket) -> None:
        self._camera = camera
        self._line = line
        self._waiting: dict[int, usbip.Submit] = {}  # by sequence number, in their order

    def serve(self, commands: int) -> None:
        """Answer until the host has gone, or `commands`, a file descriptor, ends."""
        while True:
            due_s = self._camera.due_s
            wait_s = None if due_s is None else max(0.0, due_s - time.monotonic())
            ready = select.select([self._line, commands], [], [], wait_s)[0]
            if commands in ready and not self._obey(os.read(commands, 4096)):
                return
            if self._line in ready and not self._answer(usbip.receive_command(self._line)):
                return
            self._camera.tick(time.monotonic())
            self._send_pictures()

    def _obey(self, lines: bytes) -> bool:
        for line in lines.decode().splitlines():
            self._camera.switches.turn(line)
        return bool(lines)

    def _answer(self, command: usbip.Command | None) -> bool:
        if isinstance(command, usbip.Unlink):
            was_waiting = self._waiting.pop(command.target, None) is not None
            self._line.sendall(usbip.pack_unlinked(command, usbip.TAKEN_BACK if was_waiting else usbip.DONE))
        elif command is not None and command.endpoint == 0:
            answer = self._camera.control(command.setup, command.data, time.monotonic())
            status = usbip.STALLED if answer is None else usbip.DONE
            self._line.sendall(usbip.pack_submitted(command, status, answer or b""))
        elif command is not None:
            self._waiting[command.sequence] = command
        return command is not None

    def _send_pictures(self) -> None:
        stream = self._camera.stream
        while self._waiting and stream is not None and not self._camera.switches.stall:
            payload = stream.take()
            if payload is None:
                return
            wish = self._waiting.pop(next(iter(self._waiting)))
            self._line.sendall(usbip.pack_submitted(wish, usbip.DONE, payload))


def picture_name(pattern: int, fourcc: str, mode: uvc.Mode) -> str:
    """A picture's file, whose content is sent as it is."""
    return f"{pattern}-{fourcc}-{mode.width}x{mode.height}"


def _descriptor(kind: int, index: int) -> bytes | None:
    if kind == uvc.STRING:
        texts = (None, MAKER, NAME, SERIAL)
        return uvc.string_descriptor(texts[index]) if index < len(texts) else None
    if kind == uvc.DEVICE:
        return uvc.device_descriptor()
    return uvc.configuration_descriptor() if kind == uvc.CONFIGURATION else None


def main(arguments: Sequence[str]) -> None:
    port, folder = arguments
    with usbip.attach(int(port)) as line:
        Plug(UsbCamera(Path(folder)), line).serve(sys.stdin.fileno())


if __name__ == "__main__":
    main(sys.argv[1:])
