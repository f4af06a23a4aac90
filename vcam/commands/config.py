"""List every setting: its value in the configuration file, its default, its range, and what a change needs.

A setting is changed with `sharpkd set`, for good with --save. What needs a restart changes with the next
`sharpkd restart`, all else at once.

examples:
  sharpkd config
  sharpkd config strength link
  sharpkd config --json
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from vcam.camera.facts import list_settings
from vcam.config import check_key
from vcam.config_file import SavedSettings
from vcam.control.client import ControlClient
from vcam.instance import holder
from vcam.paths import Paths, user_paths
from vcam.public import public_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="KEY", help="only these settings; default: all")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    wanted = [check_key(name) for name in args.names]
    facts = _read_facts(user_paths())
    shown = [one for one in facts["settings"] if one["name"] in wanted or not wanted]
    print(json.dumps({**facts, "settings": shown}) if args.json else describe(shown, facts))
    return 0


def _read_facts(paths: Paths) -> dict[str, Any]:
    """The settings of the camera that runs, else those of the file. Raises VcamError."""
    if holder(*paths.locks) is not None:
        return ControlClient(paths.socket).facts("settings")
    saved = SavedSettings(paths.config)
    return list_settings(saved.load(), saved)


def describe(settings: Sequence[dict[str, Any]], facts: dict[str, Any]) -> str:
    """A line of values and one of words for each setting, and where they are kept."""
    rows = [_row(one) for one in settings]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    lines = [_join(HEADS, widths)]
    for one, row in zip(settings, rows, strict=True):
        lines += [_join(row, widths), f"    {one['help']}"]
    lines += ["", f"file: {facts['file']}"]
    if facts["fault"]:
        lines.append(f"the file cannot be used: {public_text(facts['fault'])}")
    return "\n".join(lines)


HEADS = ("setting", "value", "default", "expected", "")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    low_high, choices = one["range"], one["choices"]
    expected = "{}..{}".format(*low_high) if low_high else ", ".join(map(str, choices or [one["kind"]]))
    notes = [
        *(["needs a restart"] if one["needs"] == "restart" else []),
        *([_say_other(one)] if one["saved"] not in (None, one["value"]) else []),
    ]
    return one["name"], _say(one["value"]), _say(one["default"]), expected, "; ".join(notes)


def _say_other(one: dict[str, Any]) -> str:
    """What the file has in place of the value, and which of the two is the newer one."""
    saved = f"the file has {_say(one['saved'])}"
    return f"not saved: {saved}" if one["is_unsaved"] else f"{saved}, from the next sharpkd restart"


def _say(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value) or '""'


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
