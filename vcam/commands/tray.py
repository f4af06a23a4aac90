"""Show an icon in the desktop's tray until its Quit is clicked; the camera goes on without it.

Its menu says what the camera does, starts, stops and pauses it, and changes its settings until it stops.
`sharpkd install` has the session start it at login.
"""

import argparse
import asyncio

from vcam.desktop.places import user_places
from vcam.errors import VcamError
from vcam.instance import Instance, holder
from vcam.paths import make_private, user_paths
from vcam.tray.camera import CameraLink
from vcam.tray.icons import icon_name
from vcam.tray.state import Kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        type=float,
        default=2.0,
        metavar="S",
        help="seconds that the panel may take to come; default: 2",
    )


def run(args: argparse.Namespace) -> int:
    try:
        from vcam.tray.tray import Terms, show_tray  # needs an extra
    except ModuleNotFoundError as error:
        raise VcamError(f"the tray needs dbus-fast ({error}). Run: pip install dbus-fast") from None
    paths, places = user_paths(), user_places()
    make_private(paths.runtime)
    pid = holder(paths.tray_lock)
    if pid is not None:
        print(f"the tray runs already, pid {pid}")
        return 0

    def find_icon(kind: Kind) -> str:
        name = icon_name(kind)
        return name if places.symbolic(name).exists() else ""

    with Instance(paths.tray_lock):
        words = asyncio.run(show_tray(CameraLink(paths), Terms(args.wait, find_icon)))
    if words:
        print(words)
    return 0
