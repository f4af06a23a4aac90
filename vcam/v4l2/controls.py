"""A camera's controls: exposure, gain, focus, white balance, mains light, and what else its driver lists."""

import ctypes
import errno
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vcam.v4l2.device import Kernel, ioctl_number

# id, type, name, least, most, step, default, flags, size and number of elements, dimensions
QUERY = struct.Struct("=2I32s2qQq4I16x128x")
MENU_ENTRY = struct.Struct("=2I32s4x")  # id, index, name or the first 8 bytes as a number
VALUE = struct.Struct("=3Ii4x")  # id, size, reserved, value
VALUES = struct.Struct("@3Ii4xP")  # which, count, index of the first error, request, pointer to VALUEs

QUERYMENU = ioctl_number(3, 37, MENU_ENTRY)
G_EXT_CTRLS = ioctl_number(3, 71, VALUES)
S_EXT_CTRLS = ioctl_number(3, 72, VALUES)
QUERY_EXT_CTRL = ioctl_number(3, 103, QUERY)

NEXT = 0x80000000  # ask for the control behind this id
DISABLED, GRABBED, READ_ONLY, INACTIVE, WRITE_ONLY, VOLATILE = 0x1, 0x2, 0x4, 0x10, 0x40, 0x80
INTEGER, BOOLEAN, MENU, INTEGER_MENU = 1, 2, 3, 9
KINDS: Mapping[int, Literal["number", "switch", "menu"]] = {
    INTEGER: "number",
    BOOLEAN: "switch",
    MENU: "menu",
    INTEGER_MENU: "menu",
}
AT_MOST = 256  # controls of a device, and entries of a menu: a driver that never ends does not hold us
GONE = (errno.ENODEV, errno.ENXIO)
SWITCHES = {"true": 1, "on": 1, "yes": 1, "1": 1, "false": 0, "off": 0, "no": 0, "0": 0}

Wanted: TypeAlias = str | int | float | bool


@dataclass(frozen=True)
class Control:
    """What can be set on a device, and what it is set to.

    name       as v4l2-ctl spells it: exposure_time_absolute
    menu       the words of each value, where only certain values are known
    value      None if it can only be written
    is_active  False while an automatic holds it
    """

    id: int
    name: str
    kind: Literal["number", "switch", "menu"]
    least: int
    most: int
    step: int
    default: int
    value: int | None
    is_active: bool = True
    is_read_only: bool = False
    menu: Mapping[int, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """The values that it takes, in words."""
        if self.kind == "menu":
            return ", ".join(f'"{words}"' for words in self.menu.values())
        if self.kind == "switch":
            return "true or false"
        step = f" in steps of {self.step}" if self.step > 1 else ""
        return f"{self.least}..{self.most}{step}"

    def spell(self, value: int | None) -> str:
        """A value as a person reads it."""
        if value is None:
            return "unknown"
        if self.kind == "switch":
            return "on" if value else "off"
        return self.menu.get(value, str(value))


def list_controls(kernel: Kernel, node: int) -> list[Control]:
    """The controls of a device that are numbers, switches or menus. Raises OSError if it is gone."""
    return [control for control in _walk(kernel, node) if control is not None]


def read_value(control: Control, wanted: Wanted) -> int:
    """The number for a value as a person writes it. Raises ValueError saying what is expected."""
    value = _number_of(control, wanted)
    in_menu = control.kind != "menu" or value in control.menu
    if value is None or not in_menu or not control.least <= value <= control.most:
        raise ValueError(f"expected {control.expected}")
    return value


def apply_controls(kernel: Kernel, node: int, wanted: Mapping[str, Wanted]) -> list[str]:
    """Set controls by their names; returns what could not be done, in sentences.

    Switches and menus come first, since automatics, which are such, hold the numbers. What has its value
    already is not written again. Raises OSError if the device is gone.
    """
    if not wanted:
        return []
    controls = {control.name: control for control in list_controls(kernel, node)}
    unknown = [name for name in wanted if name not in controls]
    known = sorted((name for name in wanted if name in controls), key=lambda n: controls[n].kind == "number")
    return [
        *(f"it has no control {name!r}; sharpkd devices lists those it has" for name in unknown),
        *filter(None, (_apply(kernel, node, controls[name], wanted[name]) for name in known)),
    ]


def set_control(kernel: Kernel, node: int, control: int, value: int) -> None:
    """Raises OSError if the driver refuses it."""
    _exchange(kernel, node, S_EXT_CTRLS, control, value)


def _apply(kernel: Kernel, node: int, control: Control, wanted: Wanted) -> str:
    """Set one control; the sentence why that was not possible, or nothing."""
    try:
        value = read_value(control, wanted)
    except ValueError as error:
        return f"{control.name} = {str(wanted)[:80]!r} cannot be set: {error}"
    if control.is_read_only:
        return f"{control.name} can only be read"
    try:
        if value != _get(kernel, node, control.id):
            set_control(kernel, node, control.id, value)
    except OSError as error:
        if error.errno in GONE:
            raise
        why = error.strerror
        if error.errno in (errno.EACCES, errno.EINVAL, errno.EBUSY) and control.kind == "number":
            why = "an automatic holds it, or another program; switch that off in the same table"
        return f"{control.name} = {control.spell(value)} was refused: {why}"
    return ""


def _walk(kernel: Kernel, node: int) -> Iterator[Control | None]:
    last = 0
    for _ in range(AT_MOST):
        try:
            answer = kernel.ioctl(
                node, QUERY_EXT_CTRL, struct.pack("=I", last | NEXT).ljust(QUERY.size, b"\0")
            )
        except OSError as error:
            if error.errno in GONE:
                raise
            return  # EINVAL: no more; ENOTTY: none at all
        last, *rest = QUERY.unpack(answer)
        yield _describe(kernel, node, last, *rest)


def _describe(kernel: Kernel, node: int, number: int, kind: int, name: bytes, *rest: int) -> Control | None:
    least, most, step, default, flags = rest[:5]
    if kind not in KINDS or flags & DISABLED:
        return None
    return Control(
        number,
        spell_name(name.split(b"\0")[0].decode("utf-8", "replace")),
        KINDS[kind],
        least,
        most,
        max(1, step),
        default,
        None if flags & WRITE_ONLY else _get(kernel, node, number),
        is_active=not flags & INACTIVE,
        is_read_only=bool(flags & READ_ONLY),
        menu=dict(_menu(kernel, node, number, kind, range(least, min(most + 1, least + AT_MOST))))
        if KINDS[kind] == "menu"
        else {},
    )


def spell_name(name: str) -> str:
    """ "Exposure, Dynamic Framerate" is exposure_dynamic_framerate, as v4l2-ctl has it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _menu(kernel: Kernel, node: int, number: int, kind: int, places: range) -> Iterator[tuple[int, str]]:
    for place in places:
        question = struct.pack("=2I", number, place).ljust(MENU_ENTRY.size, b"\0")
        try:
            answer = kernel.ioctl(node, QUERYMENU, question)
        except OSError as error:
            if error.errno in GONE:
                raise
            continue  # menus have holes
        words: bytes = MENU_ENTRY.unpack(answer)[2]
        if kind == INTEGER_MENU:
            yield place, str(struct.unpack("=q", words[:8])[0])
        else:
            yield place, words.split(b"\0")[0].decode("utf-8", "replace")


def _get(kernel: Kernel, node: int, control: int) -> int | None:
    """A control's value; None where the driver does not tell it now."""
    try:
        return _exchange(kernel, node, G_EXT_CTRLS, control, 0)
    except OSError as error:
        if error.errno in GONE:
            raise
        return None


def _exchange(kernel: Kernel, node: int, request: int, control: int, value: int) -> int:
    """Read or write one control, whose place the driver is given by a pointer."""
    place = ctypes.create_string_buffer(VALUE.pack(control, 0, 0, value), VALUE.size)
    kernel.ioctl(node, request, VALUES.pack(0, 1, 0, 0, ctypes.addressof(place)))
    return int(VALUE.unpack(place.raw)[3])


def _number_of(control: Control, wanted: Wanted) -> int | None:
    if isinstance(wanted, bool):
        return int(wanted) if control.kind == "switch" else None
    if isinstance(wanted, float):
        return int(wanted) if wanted.is_integer() else None
    if isinstance(wanted, int):
        return wanted
    text = wanted.strip().casefold()
    if control.kind == "switch":
        return SWITCHES.get(text)
    for value, words in control.menu.items():
        if words.casefold() == text:
            return value
    try:
        return int(text) if len(text) < 20 else None
    except ValueError:
        return None
