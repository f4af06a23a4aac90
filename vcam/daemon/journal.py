"""The log: its format, its file, and systemd's journal if the daemon's output goes there.

Sources: systemd.exec(5) for $JOURNAL_STREAM, sd-daemon(3) for the levels.
"""

import io
import logging
import os
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from vcam.paths import append_private, hide_from_others
from vcam.public import public_text

# of syslog, by the logging level from which it counts
LEVELS = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.NOTSET: 7}


LINE = "%(asctime)s %(levelname)s %(message)s"
FILE_BYTES, FILES = 1_000_000, 3


class PublicFormatter(logging.Formatter):
    """Lines without secrets; only this program can begin a record.

    What follows the first line of a record, a traceback or whatever a sender put into a name, is indented, so
    that no text can pass for a record of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(public_text(line) for line in super().format(record).split("\n"))


class JournalFormatter(PublicFormatter):
    """Puts the level before each line, as the journal reads it; the journal adds time and name."""

    def format(self, record: logging.LogRecord) -> str:
        level = next(LEVELS[least] for least in LEVELS if record.levelno >= least)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).split("\n"))


class PrivateLog(RotatingFileHandler):
    """A log file that only its user may read, and the older ones beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
        self.setFormatter(PublicFormatter(LINE))
        for number in range(1, FILES):
            hide_from_others(path.with_name(f"{path.name}.{number}"))

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(append_private(Path(self.baseFilename)), encoding="utf-8", errors="replace")


def journal_log(stream: TextIO, environ: Mapping[str, str]) -> list[logging.Handler]:
    """The handler for the journal, if the stream leads there; none for a file or a terminal."""
    if not _is_journal(stream, environ.get("JOURNAL_STREAM", "")):
        return []
    to_journal = logging.StreamHandler(stream)
    to_journal.setFormatter(JournalFormatter())
    return [to_journal]


def _is_journal(stream: TextIO, named: str) -> bool:
    """Whether a stream is the one that is named, device and inode: the variable alone may be inherited."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"
