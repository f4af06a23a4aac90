"""Signals as flags: a handler does nothing but set one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


@dataclass
class Flags:
    """What signals have asked for."""

    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)


@contextmanager
def catch_signals() -> Iterator[Flags]:
    """SIGTERM and SIGINT ask for a stop, SIGHUP for a reload; the handlers before are put back after."""
    flags = Flags()
    wanted = {signal.SIGTERM: flags.stop, signal.SIGINT: flags.stop}
    if hasattr(signal, "SIGHUP"):  # not on Windows
        wanted[signal.SIGHUP] = flags.reload

    def note(number: int, frame: FrameType | None) -> None:
        wanted[signal.Signals(number)].set()

    before = {number: signal.signal(number, note) for number in wanted}
    try:
        yield flags
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
