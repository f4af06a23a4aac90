"""Read the configuration and the models again.

The new model is loaded and warmed beside the old one and takes over between two frames. If anything about it
is wrong, this says so, and the camera keeps running as before.
"""

import argparse

from vcam.control.client import ControlClient
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    status = ControlClient(user_paths().socket).command(reload=True)
    print(f"reloaded: model {status['model']} on {status['provider']}, strength {status['strength']:g}")
    return 0
