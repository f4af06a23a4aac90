"""What the camera does, as the tray shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vcam.public import LONGEST_TEXT, printable


class Kind(StrEnum):
    """Which icon is shown."""

    LIVE = "live"
    IDLE = "idle"
    PAUSED = "paused"
    TROUBLE = "trouble"
    OFF = "off"


# by the first word of Status.state; one that a later version adds gets the icon of IDLE, and its own words
KINDS = {
    "running": Kind.LIVE,
    "starting": Kind.IDLE,
    "idle": Kind.IDLE,
    "paused": Kind.PAUSED,
    "waiting": Kind.TROUBLE,
    "pass-through": Kind.TROUBLE,
}


@dataclass(frozen=True)
class Reading:
    """What the control API has told of the camera at one moment.

    status      as GET /status has it; empty if the camera does not answer. What is in it is not trusted:
                it may come from an older or a newer version
    is_running  a process holds the camera's lock, whether it answers or not
    is_silent   it does not answer, though it did before
    """

    status: Mapping[str, object] = field(default_factory=dict)
    is_running: bool = False
    is_silent: bool = False


@dataclass(frozen=True)
class State:
    """Icon, name, and what there is to say about it."""

    kind: Kind
    name: str
    cause: str = ""


def state_of(reading: Reading) -> State:
    """The state in words, with its cause where there is one."""
    if not reading.is_running:
        return State(Kind.OFF, "Not running")
    if not reading.status:
        return State(Kind.TROUBLE, "Not answering") if reading.is_silent else State(Kind.IDLE, "Starting")
    name, _, cause = text(reading.status, "state").partition(":")
    kind = KINDS.get(name.split(" ")[0], Kind.IDLE)
    if kind is not Kind.LIVE:
        return State(kind, _capital(name) or "State unknown", cause.strip())
    if cause:  # "running without its link: ..."
        return State(Kind.TROUBLE, _capital(name), cause.strip())
    is_frozen = flag(reading.status, "freeze") is True
    return State(kind, "Live, picture frozen" if is_frozen else "Live", _first_warning(reading.status))


def text(status: Mapping[str, object], key: str) -> str:
    """A text of the status as a menu can show it; empty if it is missing, or something else."""
    value = status.get(key)
    return printable(value[:LONGEST_TEXT]) if isinstance(value, str) else ""


def texts(status: Mapping[str, object], key: str) -> list[str]:
    """The texts of a list in the status, without what is something else."""
    values = status.get(key)
    found = values if isinstance(values, list | tuple) else ()
    return [printable(value[:LONGEST_TEXT]) for value in found if isinstance(value, str)]


def share(status: Mapping[str, object], key: str) -> float | None:
    """A number from 0 to 1 of the status; None if it is missing, or something else."""
    value = status.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None  # a NaN is not, nor is a number beyond every float


def flag(status: Mapping[str, object], key: str) -> bool | None:
    """A claim of the status; None if it is missing, or something else."""
    value = status.get(key)
    return value if isinstance(value, bool) else None


def _first_warning(status: Mapping[str, object]) -> str:
    return next(iter(texts(status, "warnings")), "")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
