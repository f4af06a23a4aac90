"""The camera in the desktop's menu, and among what a session without systemd starts.

Sources: the Desktop Entry Specification 1.5, the Desktop Application Autostart Specification 0.5.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from vcam.desktop.files import sign
from vcam.desktop.places import ICON

PLAIN = re.compile(r"[\w@+=:,./-]+")
PICTURE = Path(__file__).resolve().parent.parent / "page/static/icon.svg"

MENU = """\
[Desktop Entry]
Type=Application
Name=SharpKD Camera
GenericName=Virtual Camera
Comment=See your camera before and after its restoration
Keywords=webcam;camera;video call;
Exec={command}
Icon={icon}
Terminal=false
Categories=AudioVideo;Video;
"""
AUTOSTART = """\
[Desktop Entry]
Type=Application
Name=SharpKD Camera
Comment=Start the virtual camera
Exec={command}
Icon={icon}
Terminal=false
NoDisplay=true
"""


def menu_text(python: str) -> str:
    """The signed entry of the menu; it opens the preview page."""
    return sign(MENU.format(command=quote(_program(python, "open")), icon=ICON))


def autostart_text(python: str) -> str:
    """The signed entry that starts the camera at login."""
    return sign(AUTOSTART.format(command=quote(_program(python, "start")), icon=ICON))


def icon_text() -> str:
    """The signed icon: the preview page's."""
    return sign(PICTURE.read_text(encoding="utf-8"), "<!-- ", " -->")


def _program(python: str, word: str) -> list[str]:
    return [python, "-P", "-m", "vcam.cli", word]  # -P: nothing is imported from where the session begins


def quote(command: Sequence[str]) -> str:
    """A command as an Exec key has it: first an argument's own quotes, then those of any string value."""
    return " ".join(_quote(word) for word in command)


def _quote(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    escaped = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return '"' + escaped.replace("\\", "\\\\") + '"'
