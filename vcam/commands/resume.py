"""Show the picture again after a pause."""

import argparse

from vcam.control.client import ControlClient
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    ControlClient(user_paths().socket).command(resume=True)
    print("resumed")
    return 0
