"""The settings of an examination, which goes on without them."""

import os
import re
import shlex
from pathlib import Path

from vcam.config import LARGEST_FILE, Config, load_config
from vcam.doctor.case import Finding, problem
from vcam.errors import ConfigError
from vcam.regular import read_small

SYNTAX = re.compile(r"\(at line (\d+)")


def read_settings(path: Path) -> tuple[Config, list[Finding]]:
    """The settings; the defaults and a finding if their file is broken."""
    try:
        return load_config(path), []
    except ConfigError as error:
        message, fix = _advise(path, str(error))
        return Config(), [problem("settings", message, fix)]


def _advise(path: Path, error: str) -> tuple[str, str]:
    """The message with the line that is wrong, and the command that fits the cause."""
    try:
        text = read_small(path, LARGEST_FILE).decode("utf-8-sig")
    except PermissionError:
        is_own = path.stat().st_uid == os.getuid()
        words = ["chmod", "u+rw", str(path)] if is_own else ["sudo", "chown", str(os.getuid()), str(path)]
        return error, shlex.join(words)
    except (OSError, UnicodeDecodeError):  # no text that could be edited
        return error, shlex.join(["mv", str(path), f"{path}.broken"])
    line = _find_line(text, error.removeprefix(f"{path}: "))
    return f"{error} (line {line})" if line else error, f"${{EDITOR:-nano}} {shlex.quote(str(path))}"


def _find_line(text: str, error: str) -> int:
    """The number of the line that an error speaks of; 0 where it says that itself, or where none is found."""
    if SYNTAX.search(error):
        return 0
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, _ = line.partition("=")
        key = key.strip().strip("\"'")
        if equals and key and re.match(rf"no setting '{re.escape(key)}'|{re.escape(key)}\b", error):
            return number
    return 0
