"""Undo `sharpkd install`: stop the camera and remove what was written, if it is still as it was written.

Settings and logs stay. What needs root is printed, and never run.
"""

import argparse
import os
import signal
from contextlib import suppress
from pathlib import Path

from vcam.commands.install import tell
from vcam.commands.stop import stop
from vcam.desktop.files import remove
from vcam.desktop.module import ETC, uninstall_block
from vcam.desktop.places import SERVICE, Places, user_places
from vcam.desktop.systemctl import is_reachable, systemctl
from vcam.instance import holder
from vcam.paths import Paths, user_paths
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import name_cameras, other_cameras

ROOT_NEEDS = """
What remains needs root; paste this:

"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    uninstall(user_places(), paths)
    print(f"your settings and logs stay: {paths.config.parent}, {paths.log.parent}")
    tell_root()
    return 0


def tell_root(etc: Path = ETC, roots: VideoRoots = SYSTEM) -> None:
    """Print what root has to do; the lines to paste come last."""
    block, others = uninstall_block(etc, roots), other_cameras(roots)
    if block and others:
        print(f"v4l2loopback stays loaded for {name_cameras(others)}; ours goes with the next reboot")
    print(ROOT_NEEDS + block if block else "nothing remains that needs root")


def uninstall(places: Places, paths: Paths) -> None:
    """Stop the camera, whoever started it, and remove the files; prints what was done."""
    has_manager = is_reachable()
    if has_manager and places.unit.exists():
        systemctl("disable", "--now", SERVICE)
        print(f"{'disabled':10} {SERVICE}")
    elif places.enabled.is_symlink():
        places.enabled.unlink()
        print(f"{'disabled':10} {SERVICE}")
    if stop(paths):
        print("stopped")
    _end_tray(paths)
    for path in (*places.files, *places.for_shells):
        tell(remove(path), path)
    if has_manager:
        systemctl("daemon-reload")


def _end_tray(paths: Paths) -> None:
    pid = holder(paths.tray_lock)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
