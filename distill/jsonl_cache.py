"""A cache of results as JSON lines, so that a run that was killed can be resumed."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_cache(path: Path) -> dict[str, dict[str, Any]]:
    """The cached results by key; an incomplete line, left by a killed run, is ignored."""
    found: dict[str, dict[str, Any]] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                found[entry.pop("key")] = entry
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return found


def append_cache(path: Path, key: str, facts: Mapping[str, Any]) -> None:
    """Append one line; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell() and _last_byte(path) != b"\n":
            file.write(b"\n")  # ends an incomplete line of a killed run
        file.write(json.dumps({"key": key, **facts}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read()
