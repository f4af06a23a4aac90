"""Stop the background camera and start it again, as after a change of its size."""

import argparse

from vcam.commands.start import add_arguments as add_start_arguments
from vcam.commands.start import find_paths
from vcam.commands.start import run as run_start
from vcam.commands.stop import stop
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_start_arguments(parser)


def run(args: argparse.Namespace) -> int:
    find_paths(args)  # what is wrong there is said before anything is stopped
    stop(user_paths())
    return run_start(args)
