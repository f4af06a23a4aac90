"""Open the preview page in the browser; starts the camera if it does not run."""

import argparse
import webbrowser

from vcam.commands.start import ensure_running
from vcam.errors import VcamError
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    status, _ = ensure_running(user_paths())
    url = str(status["preview_url"])
    if not webbrowser.open(url):
        raise VcamError(f"no browser was found to open the page; open it yourself: {url}")
    return 0
