"""Install the camera for this user: ready at login, in the desktop's menu. Needs no root.

It writes a service for systemd's user manager and enables it, or an autostart entry where there is no such
manager; a menu entry that opens the preview page; an icon; an entry that shows the tray; what completes the
program's words in bash, and its page of the manual. A file that was
edited is left as it is. What needs root, v4l2loopback at boot, is printed as one block to paste, and never
run.
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from vcam.camera.status import program_version
from vcam.commands.completion import make_script
from vcam.commands.start import ensure_running
from vcam.desktop.entry import autostart_text, icon_text, menu_text, symbolic_text, tray_text
from vcam.desktop.files import Outcome, remove, sign, write
from vcam.desktop.module import ETC, install_block, rivals
from vcam.desktop.places import SERVICE, Places, user_places
from vcam.desktop.systemctl import is_reachable, main_pid, start_service, systemctl
from vcam.desktop.unit import unit_text
from vcam.instance import holder
from vcam.parser import Parser
from vcam.paths import Paths, user_paths
from vcam.shell.man_page import man_page
from vcam.tray.icons import icon_name
from vcam.tray.state import Kind
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import name_loss, other_cameras, wanted_cameras
from vcam.v4l2loopback.module import INSTALL, MODULE, UNLOAD, module_options

ROOT_NEEDS = f"""
What remains needs root. {INSTALL}, then paste:

"""

RIVALS = """names cameras of v4l2loopback, too. modprobe takes each option from the last file, by the files'
names, so that after a reboot some would be missing. Write all of them into that file, and into no other:"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--now", action="store_true", help="start the camera and the tray, too")


def run(args: argparse.Namespace) -> int:
    install(user_places(), user_paths(), sys.executable, is_now=args.now)
    install_for_shells(user_places(), args.make_parser())
    if args.now:
        _start_tray(user_paths(), sys.executable)
    tell_root()
    return 0


def tell_root(etc: Path = ETC, roots: VideoRoots = SYSTEM) -> None:
    """Print what root has to do; the lines to paste come last."""
    block, others = install_block(etc, roots), rivals(etc)
    if UNLOAD in block:
        loss = name_loss(other_cameras(roots)) or " First close what has its cameras open."
        print(f"v4l2loopback is loaded without our camera.{loss}")
    if others:
        print(f"{', '.join(sorted({str(line.path) for line in others}))}: {RIVALS}")
        print(f"    options {MODULE} {module_options(wanted_cameras(roots))}")
    if block:
        print(ROOT_NEEDS + block)
    elif not others:
        print("nothing remains that needs root: the virtual camera is there")


def install(places: Places, paths: Paths, python: str, *, is_now: bool) -> None:
    """Write the files and have the camera started at login; prints what was done."""
    has_nvidia = shutil.which("nvidia-modprobe") is not None
    unit = write(places.unit, unit_text(python, paths.config, has_nvidia))
    tell(unit, places.unit)
    tell(write(places.entry, menu_text(python)), places.entry)
    tell(write(places.icon, icon_text()), places.icon)
    if is_reachable():
        _enable(places)
        _start_service(paths, is_now, is_new=unit is Outcome.WRITTEN)
    else:
        _autostart(places, paths, python, is_now)
    _install_tray(places, python)


def tell(outcome: Outcome, path: Path) -> None:
    """One line about a file; none if there was none."""
    if outcome is Outcome.KEPT:
        print(f"{outcome:10} {path}: edited, or not ours; remove it yourself if you do not want it")
    elif outcome is not Outcome.ABSENT:
        print(f"{outcome:10} {path}")


def _enable(places: Places) -> None:
    systemctl("daemon-reload")
    systemctl("enable", SERVICE)
    print(f"{'enabled':10} {SERVICE}: the camera starts at login")
    tell(remove(places.autostart), places.autostart)  # never both


def _start_service(paths: Paths, is_now: bool, is_new: bool) -> None:
    pid = holder(*paths.locks)
    if pid is not None and pid != main_pid():
        print(f"a camera runs outside of the service, pid {pid}; hand it over with: sharpkd restart")
    elif pid is not None:
        print("the service runs already" + ("; to start it again: sharpkd restart" if is_new else ""))
    elif is_now:
        start_service()
        print(f"{'started':10} {SERVICE}")


def _autostart(places: Places, paths: Paths, python: str, is_now: bool) -> None:
    if places.enabled.is_symlink():
        print(f"{SERVICE} is enabled already; systemd's user manager does not answer here")
    else:
        tell(write(places.autostart, autostart_text(python)), places.autostart)
    if is_now:
        status, _ = ensure_running(paths)
        print(f"{'started':10} pid {status['pid']}")


def _install_tray(places: Places, python: str) -> None:
    if importlib.util.find_spec("dbus_fast") is None:
        print(f"no tray: it needs dbus-fast. Run: {python} -m pip install dbus-fast, then install again")
        return
    for kind in Kind:
        path = places.symbolic(icon_name(kind))
        tell(write(path, symbolic_text(kind)), path)
    tell(write(places.tray_autostart, tray_text(python)), places.tray_autostart)


def install_for_shells(places: Places, parser: Parser) -> None:
    """Have bash complete the program's words, and `man sharpkd` describe it."""
    tell(write(places.completion, sign(make_script("bash", parser))), places.completion)
    tell(write(places.manual, sign(man_page(parser, program_version()), '.\\" ')), places.manual)


def _start_tray(paths: Paths, python: str) -> None:
    """Show the tray now, in a session of its own; where the desktop has none, it ends by itself."""
    if holder(paths.tray_lock) is None and user_places().tray_autostart.exists():
        void = subprocess.DEVNULL
        command = [python, "-P", "-m", "vcam.cli", "tray"]
        subprocess.Popen(command, stdin=void, stdout=void, stderr=void, start_new_session=True)
        print(f"{'started':10} the tray, if this desktop has a place for it")
