"""Open the preview page in the browser; starts the camera if it does not run."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from vcam.commands.start import ensure_running
from vcam.control.client import ControlClient
from vcam.errors import VcamError
from vcam.paths import user_paths, write_private

REDIRECT = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>SharpKD Camera</title>
<p><a href="{url}">Open the page of SharpKD Camera</a></p>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    ensure_running(paths)
    # a file, not the address: every user of the machine can read the arguments of a browser
    write_private(paths.page, redirect_text(ControlClient(paths.socket).page_url()))
    with output_kept():
        is_opened = webbrowser.open(paths.page.as_uri())
    if not is_opened:
        raise VcamError(
            "no browser was found to open the page; open the address that `sharpkd status` prints"
        )
    print("opened; if the browser cannot read the file, give it the address that `sharpkd status` prints")
    return 0


def redirect_text(url: str) -> str:
    """A file that leads a browser to an address; what is in its arguments then is the file's name."""
    return REDIRECT.format(url=escape(url))


@contextmanager
def output_kept() -> Iterator[None]:
    """What is started within gets no pipe or file of ours: a browser stays, and would hold it open.

    A terminal is left to it, since a browser may be one for terminals.
    """
    sys.stdout.flush()
    kept = {number: os.dup(number) for number in (1, 2) if not os.isatty(number)}
    void = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in kept:
            os.dup2(void, number)
        yield
    finally:
        os.close(void)
        for number, descriptor in kept.items():
            os.dup2(descriptor, number)
            os.close(descriptor)
