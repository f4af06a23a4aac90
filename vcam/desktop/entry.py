"""The camera in the desktop's menu, and among what a session without systemd starts.

Sources: the Desktop Entry Specification 1.5, the Desktop Application Autostart Specification 0.5.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from vcam.desktop.files import sign
from vcam.desktop.places import ICON
from vcam.tray.icons import symbolic_svg
from vcam.tray.state import Kind

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
# an entry of the session, not a unit for graphical-session.target: every desktop starts the former, not all
# reach the latter. The camera's own service is no place for it, since that starts before a desktop does.
TRAY = """\
[Desktop Entry]
Type=Application
Name=SharpKD Camera's tray
Comment=Show what the virtual camera does, and change it
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


def tray_text(python: str) -> str:
    """The signed entry that shows the tray at login; the panel may come after it."""
    return sign(TRAY.format(command=quote(_program(python, "tray", "--wait", "60")), icon=ICON))


def symbolic_text(kind: Kind) -> str:
    """The signed icon of the tray for a kind of state."""
    return sign(symbolic_svg(kind), "<!-- ", " -->")


def icon_text() -> str:
    """The signed icon: the preview page's."""
    return sign(PICTURE.read_text(encoding="utf-8"), "<!-- ", " -->")


def _program(python: str, *words: str) -> list[str]:
    return [python, "-P", "-m", "vcam.cli", *words]  # -P: nothing is imported from where the session begins


def quote(command: Sequence[str]) -> str:
    """A command as an Exec key has it: first an argument's own quotes, then those of any string value."""
    return " ".join(_quote(word) for word in command)


def _quote(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    escaped = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return '"' + escaped.replace("\\", "\\\\") + '"'
