"""Files in a user's folders that carry our mark, so that what somebody else wrote or edited is left alone."""

import hashlib
import os
from enum import StrEnum
from pathlib import Path

from vcam.errors import VcamError

MARK = "Written by sharpkd install"


class Outcome(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    ABSENT = "absent"
    KEPT = "kept"  # it is not ours, or was edited


def sign(text: str, opening: str = "# ", closing: str = "") -> str:
    """A text below a first line with our mark and the text's own sha256, as a comment of its format."""
    return f"{opening}{MARK}, sha256 {_digest(text)}{closing}\n{text}"


def is_ours(path: Path) -> bool:
    """Whether a file is as `write` left it: it carries the mark, and below it the text it names."""
    if path.is_symlink():  # what a link leads to, somebody else keeps
        return False
    first, _, rest = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    return f"{MARK}, sha256 {_digest(rest)}" in first


def write(path: Path, text: str) -> Outcome:
    """Write a signed text, whole or not at all, unless a file is there that is not ours.

    Raises VcamError if the folder cannot be written.
    """
    if os.path.lexists(path):
        if not is_ours(path):
            return Outcome.KEPT
        if path.read_text(encoding="utf-8") == text:
            return Outcome.UNCHANGED
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise VcamError(f"cannot write {path}: {error.strerror}. Check its folder") from None
    return Outcome.WRITTEN


def remove(path: Path) -> Outcome:
    """Remove a file that `write` wrote, if it is as it was. Raises VcamError if it cannot be removed."""
    if not os.path.lexists(path):
        return Outcome.ABSENT
    if not is_ours(path):
        return Outcome.KEPT
    try:
        path.unlink()
    except OSError as error:
        raise VcamError(f"cannot remove {path}: {error.strerror}. Check its folder") from None
    return Outcome.REMOVED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
