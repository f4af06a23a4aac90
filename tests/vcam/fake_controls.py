"""A camera's controls, answered without a kernel, by the structs of a 64-bit linux/videodev2.h."""

import ctypes
import errno
from dataclasses import dataclass, field, replace

from fake_node import at, put, refusal

QUERY_EXT_CTRL, QUERYMENU = 0xC0E85667, 0xC02C5625
G_EXT_CTRLS, S_EXT_CTRLS = 0xC0205647, 0xC0205648
INTEGER, BOOLEAN, MENU, BUTTON, CLASS, INTEGER_MENU = 1, 2, 3, 4, 6, 9
DISABLED, READ_ONLY, INACTIVE, WRITE_ONLY = 0x1, 0x4, 0x10, 0x40


@dataclass(frozen=True)
class Fake:
    """One control; `held_by` is an automatic that holds it, unless it has this value."""

    id: int
    name: str
    kind: int = INTEGER
    least: int = 0
    most: int = 255
    step: int = 1
    default: int = 128
    value: int = 128
    flags: int = 0
    menu: dict[int, str | int] = field(default_factory=dict)
    held_by: tuple[int, int] | None = None


MAINS = {0: "Disabled", 1: "50 Hz", 2: "60 Hz"}
EXPOSURE = {1: "Manual Mode", 3: "Aperture Priority Mode"}
# a C920's, with what makes controls awkward: classes, buttons, holes in menus, automatics that hold others
WEBCAM = (
    Fake(0x00980001, "User Controls", CLASS),
    Fake(0x00980900, "Brightness"),
    Fake(0x0098090C, "White Balance, Automatic", BOOLEAN, 0, 1, 1, 1, 1),
    Fake(0x00980913, "Gain"),
    Fake(0x00980918, "Power Line Frequency", MENU, 0, 2, 1, 2, 2, menu=MAINS),
    Fake(
        0x0098091A, "White Balance Temperature", INTEGER, 2000, 6500, 10, 4000, 4000, held_by=(0x0098090C, 0)
    ),
    Fake(0x009A0901, "Auto Exposure", MENU, 0, 3, 1, 3, 3, menu=EXPOSURE),
    Fake(0x009A0902, "Exposure Time, Absolute", INTEGER, 3, 2047, 1, 250, 250, held_by=(0x009A0901, 1)),
    Fake(0x009A0903, "Exposure, Dynamic Framerate", BOOLEAN, 0, 1, 1, 0, 1),
    Fake(0x009A0904, "Old", flags=DISABLED),
    Fake(0x009A0905, "Reset", BUTTON),
    Fake(0x009A0906, "Link Frequency", INTEGER_MENU, 0, 1, 1, 0, 0, menu={0: 400_000_000, 1: 9_000_000_000}),
    Fake(0x009A0907, "Temperature", value=40, flags=READ_ONLY),
    Fake(0x009A0908, "Focus Relative", flags=WRITE_ONLY),
)


class FakeControls:
    """A `Kernel` with one device; `written` has the names in the order they were set."""

    def __init__(self, controls: tuple[Fake, ...] = WEBCAM) -> None:
        self.controls = {control.id: control for control in controls}
        self.written: list[tuple[str, int]] = []
        self.opened = self.closed = 0
        self.failure = 0

    def open(self, path: str) -> int:
        if self.failure:
            raise refusal(self.failure)
        self.opened += 1
        return 3

    def close(self, node: int) -> None:
        self.closed += 1

    def value_of(self, name: str) -> int:
        return next(control.value for control in self.controls.values() if control.name == name)

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes:
        assert len(argument) == request >> 16 & 0x3FFF, "the struct is not of the size that its number says"
        if self.failure:
            raise refusal(self.failure)
        if request == QUERY_EXT_CTRL:
            return self._query(argument)
        if request == QUERYMENU:
            return self._menu(argument)
        if request in (G_EXT_CTRLS, S_EXT_CTRLS):
            return self._values(argument, is_write=request == S_EXT_CTRLS)
        raise refusal(errno.ENOTTY)

    def _is_held(self, control: Fake) -> bool:
        return control.held_by is not None and self.controls[control.held_by[0]].value != control.held_by[1]

    def _query(self, argument: bytes) -> bytes:
        asked = at(argument, 0)
        assert asked & 0x80000000
        later = [control for number, control in sorted(self.controls.items()) if number > asked & 0x7FFFFFFF]
        if not later:
            raise refusal(errno.EINVAL)
        found = later[0]
        head = found.id.to_bytes(4, "little") + found.kind.to_bytes(4, "little")
        head += found.name.encode().ljust(32, b"\0")
        for number in (found.least, found.most, found.step, found.default):
            head += number.to_bytes(8, "little", signed=True)
        flags = found.flags | (INACTIVE if self._is_held(found) else 0)
        return put(head.ljust(len(argument), b"\0"), 72, flags, 4, 1)

    def _menu(self, argument: bytes) -> bytes:
        entry = self.controls[at(argument, 0)].menu.get(at(argument, 4))
        if entry is None:
            raise refusal(errno.EINVAL)
        words = entry.encode() if isinstance(entry, str) else entry.to_bytes(8, "little")
        return argument[:8] + words.ljust(32, b"\0") + bytes(4)

    def _values(self, argument: bytes, is_write: bool) -> bytes:
        assert at(argument, 4) == 1
        place = (ctypes.c_char * 20).from_address(int.from_bytes(argument[24:32], "little"))
        control = self.controls[at(place.raw, 0)]
        if not is_write:
            if control.flags & WRITE_ONLY:
                raise refusal(errno.EACCES)
            place[12:16] = control.value.to_bytes(4, "little", signed=True)
            return argument
        value = int.from_bytes(place.raw[12:16], "little", signed=True)
        if self._is_held(control) or control.flags & READ_ONLY:
            raise refusal(errno.EACCES)
        if not control.least <= value <= control.most:
            raise refusal(errno.ERANGE)
        self.controls[control.id] = replace(control, value=value)
        self.written.append((control.name, value))
        return argument
