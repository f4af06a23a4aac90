"""An entry of the menu, and what a click on it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Toggle(StrEnum):
    """What stands before a choice that is made or not; the words are the protocol's."""

    NONE = ""
    CHECK = "checkmark"
    RADIO = "radio"


@dataclass(frozen=True)
class Ask:
    """Send a Command to the camera."""

    command: Mapping[str, object]


@dataclass(frozen=True)
class Run:
    """Run `sharpkd` with these words, which may take long."""

    words: tuple[str, ...]


class Own(StrEnum):
    """What the tray does itself."""

    DIAGNOSE = "diagnose"
    QUIT = "quit"


Action: TypeAlias = Ask | Run | Own


@dataclass(frozen=True)
class Entry:
    """One line of the menu.

    key       names it as long as the tray lives, however often the menu changes; unique in the menu
    label     empty for a separator
    action    of a click; None for a line that is only read, and for a submenu
    is_on     whether a choice is the one in force
    children  of a submenu
    """

    key: str
    label: str = ""
    action: Action | None = None
    toggle: Toggle = Toggle.NONE
    is_on: bool = False
    children: tuple["Entry", ...] = ()

    @property
    def is_enabled(self) -> bool:
        return self.action is not None or bool(self.children)


def separator(number: int) -> Entry:
    return Entry(f"separator/{number}")
