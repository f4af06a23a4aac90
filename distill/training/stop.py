"""Ctrl-C and SIGTERM as a request: training ends after the iteration that it is at, and saves."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from vcam.errors import VcamError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128  # exit code of a program that a signal ended, less the signal's number


class StoppedError(VcamError):
    """Training was asked to stop, and has saved its state."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = SIGNALLED + number


class Stop:
    """Whether a signal has asked for a stop, and which one."""

    number = 0  # of the signal; 0: none


@contextmanager
def catch_stop() -> Iterator[Stop]:
    """Note the first signal; a second one acts as it did before, for who cannot wait.

    Outside of the main thread, which alone is given signals, nothing is caught. What is ignored stays so.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {each: signal.getsignal(each) for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def note(number: int, frame: FrameType | None) -> None:
        stop.number = number
        restore()

    for each in before:
        signal.signal(each, note)
    try:
        yield stop
    finally:
        restore()
