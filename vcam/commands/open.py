"""Open the preview page in the browser; starts the camera if it does not run."""

import argparse
import webbrowser

from vcam.commands.start import ensure_running
from vcam.control.client import ControlClient
from vcam.errors import VcamError
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    status, _ = ensure_running(paths)
    # not the address with the token: every user of the machine can read the arguments of a browser
    if not webbrowser.open(ControlClient(paths.socket).page_url()):
        raise VcamError(f"no browser was found to open the page; open it yourself: {status['preview_url']}")
    return 0
