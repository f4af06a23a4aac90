"""Puts what libraries write to standard output and error into the daemon's log."""

import faulthandler
import logging
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

OUTPUTS = (1, 2)
LONGEST = 500  # characters of a line
JOIN_S = 1.0  # a program that was started may hold on to the pipe


@contextmanager
def log_output() -> Iterator[None]:
    """Redirect both outputs into the log while it is entered, if they are files.

    A decoder that writes a line a frame fills a disk in days: a file that was handed over is neither limited
    nor rotated. The stacks of a crash still go straight into that file.
    """
    if not all(stat.S_ISREG(os.fstat(output).st_mode) for output in OUTPUTS):
        yield
        return
    kept = [os.dup(output) for output in OUTPUTS]
    faulthandler.enable(kept[-1])
    reader, writer = os.pipe()
    _lead([writer] * len(OUTPUTS))
    os.close(writer)
    thread = threading.Thread(target=_log_lines, args=(reader,), name="output", daemon=True)
    thread.start()
    try:
        yield
    finally:
        faulthandler.disable()
        _lead(kept)  # the pipe has no writer any more, and its reader ends
        thread.join(JOIN_S)
        for descriptor in kept:
            os.close(descriptor)


def _lead(targets: list[int]) -> None:
    for output, target in zip(OUTPUTS, targets, strict=True):
        os.dup2(target, output)


def _log_lines(reader: int) -> None:
    with os.fdopen(reader, encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(LONGEST):
            if line.strip():
                log.warning("%s", line.rstrip())
