"""The log in systemd's journal, beside the log file, where the daemon's output goes there.

Sources: systemd.exec(5) for $JOURNAL_STREAM, sd-daemon(3) for the levels.
"""

import logging
import os
from collections.abc import Mapping
from typing import TextIO

# of syslog, by the logging level from which it counts
LEVELS = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.NOTSET: 7}


class JournalFormatter(logging.Formatter):
    """Puts the level before each line, as the journal reads it; the time and the name it knows itself."""

    def format(self, record: logging.LogRecord) -> str:
        level = next(LEVELS[least] for least in LEVELS if record.levelno >= least)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).split("\n"))


def journal_log(stream: TextIO, environ: Mapping[str, str]) -> list[logging.Handler]:
    """What writes to the journal, if it is what a stream leads to; nothing if it is a file or a terminal."""
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
