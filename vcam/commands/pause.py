"""Show a card instead of the picture and switch the webcam off; apps keep their camera."""

import argparse

from vcam.control.client import ControlClient
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    ControlClient(user_paths().socket).command(pause=True)
    print("paused")
    return 0
