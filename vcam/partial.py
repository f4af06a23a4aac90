"""Temporary files beside their target, which `replace` gives their name once they are whole."""

import errno
import glob
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from vcam.regular import stat_of

SHOWN = 32  # characters of the target's name in the temporary one, which may be no longer than a name can be


def make_partial(path: Path) -> Path:
    """Make an empty temporary file beside `path`, hidden, and return its path.

    Raises OSError, also if `path` itself cannot be made in the end: it is a folder, or its name is too long.

    In a folder that others may write to, one of them could put a link under a name that can be foreseen, and
    what is written would go wherever that leads: the name is random, and must not be there yet.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(stat_of(path).st_mode):
            raise IsADirectoryError(errno.EISDIR, "a folder of this name is there", str(path))
    partial = path.with_name(f".{path.name[:SHOWN]}.{secrets.token_hex(8)}.partial")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    os.close(os.open(partial, flags, 0o666))
    return partial


def partials_of(path: Path) -> list[Path]:
    """The temporary files of a target that are there, of any process."""
    pattern = f".{glob.escape(path.name[:SHOWN])}.{'[0-9a-f]' * 16}.partial"
    return sorted(path.parent.glob(pattern))
