"""Show a card instead of the picture and switch the webcam off; apps keep their camera.

With --release the virtual camera is given back, too, until `sharpkd resume`: Linux unloads no module that a
program has open. So v4l2loopback can be loaded again while the background camera runs.
"""

import argparse

from vcam.control.client import ControlClient
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--release", action="store_true", help="let go of the virtual camera, too")


def run(args: argparse.Namespace) -> int:
    status = ControlClient(user_paths().socket).command(pause=True, release=args.release)
    print(status["state"])
    return 0
