"""Pause, freeze or mirror the picture if it is not so, else undo that: made to be bound to a key.

examples:
  sharpkd toggle freeze    hold the picture; the same again lets it go on
  sharpkd toggle pause     the webcam's light goes out, a card is shown
"""

import argparse
from collections.abc import Mapping
from typing import Any

from vcam.control.client import ControlClient
from vcam.paths import user_paths

WORDS = {
    "pause": ("paused", "resumed"),
    "freeze": ("frozen", "going on"),
    "mirror": ("mirrored", "not mirrored"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=sorted(WORDS))


def run(args: argparse.Namespace) -> int:
    status = ControlClient(user_paths().socket).command(toggle=args.what)
    print(describe(args.what, status))
    return 0


def describe(what: str, status: Mapping[str, Any]) -> str:
    """What it is now."""
    is_so = {
        "pause": status["state"].startswith("paused"),
        "freeze": status["is_frozen"],
        "mirror": status["picture"]["mirror"],
    }
    return WORDS[what][0 if is_so[what] else 1]
