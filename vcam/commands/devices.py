"""List the cameras that can be a source, and the virtual camera that apps see."""

import argparse
import json

from vcam.sources import CaptureDevice, list_devices
from vcam.sources.device_facts import controls_of_webcam, device_facts
from vcam.v4l2.controls import Control
from vcam.v4l2loopback.cameras import find_virtual_camera
from vcam.v4l2loopback.module import CARD, how_to_install


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    cameras = [camera for camera in list_devices() if camera.name != CARD]
    if args.json:
        print(json.dumps({"cameras": [device_facts(camera) for camera in cameras]}))
        return 0
    print("cameras:" if cameras else "cameras: none found; without one, try: sharpkd run --source sample")
    for camera in cameras:
        print(describe(camera))
        for control in controls_of_webcam(camera):
            print(f"      {describe_control(control)}")
    node = find_virtual_camera()
    print(f"virtual camera: {node}  {CARD}" if node else f"virtual camera: none found. {how_to_install()}")
    return 0


def describe(camera: CaptureDevice) -> str:
    """One line: where it is, what it is called, and why `auto` does not take it."""
    line = f"  {camera.path}  {camera.name}  {camera.stable_id or ''}".rstrip()
    why = camera.fault or camera.drawback
    return f"{line}  ({why})" if why else line


def describe_control(control: Control) -> str:
    """One line: the name for the configuration, the values, the default and the value now."""
    held = "" if control.is_active else ", held by an automatic"
    fixed = ", can only be read" if control.is_read_only else ""
    default, now = control.spell(control.default), control.spell(control.value)
    return f"{control.name}  {control.expected}  (default {default}, now {now}{held}{fixed})"
