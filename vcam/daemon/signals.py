"""Signals as flags, for what runs until it is told to stop; as SystemExit for the rest."""

import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import FrameType


@dataclass
class Flags:
    """What signals have asked for.

    code  to exit with at the end: 0, or 129 if it comes because the terminal was closed
    """

    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)
    code: int = 0
    _bell: SimpleQueue[None] = field(default_factory=SimpleQueue)

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody rings, for so long at most: for the thread that the signals come to.

        It must not wait for `stop` itself: a handler that sets an event while this thread holds the event's
        lock would wait for ever. A SimpleQueue is made for handlers.
        """
        with suppress(Empty):
            self._bell.get(timeout=timeout_s)

    def ring(self) -> None:
        """Have `wait` return now. Any thread, and any signal handler."""
        self._bell.put(None)


@contextmanager
def catch_signals(is_daemon: bool = False) -> Iterator[Flags]:
    """SIGTERM and SIGINT ask for a stop; the handlers before are put back after, but for a closed terminal's.

    SIGHUP says that the terminal was closed, and asks for a stop, too, unless it is ignored, as nohup has it.
    A daemon has no terminal, and is asked for a reload by it.
    """
    flags = Flags()
    wanted = {signal.SIGTERM: flags.stop, signal.SIGINT: flags.stop}
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    if is_daemon and (is_ignored or not has_terminal()):
        wanted[signal.SIGHUP] = flags.reload
    elif not is_ignored:
        wanted[signal.SIGHUP] = flags.stop

    def note(number: int, frame: FrameType | None) -> None:
        flag = wanted[signal.Signals(number)]
        if number == signal.SIGHUP and flag is flags.stop:
            leave_terminal()
            flags.code = 128 + number
        flag.set()
        flags.ring()

    before = {number: signal.signal(number, note) for number in wanted}
    try:
        yield flags
    finally:
        if flags.code == 128 + signal.SIGHUP:
            before[signal.SIGHUP] = signal.SIG_IGN  # a closed terminal sends several
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def unwind_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP raise SystemExit in the main thread, so that temporary files are removed.

    What is ignored stays ignored, as SIGHUP below nohup. Only the first one counts: a terminal that is closed
    sends several, as does `timeout`, and the second must not interrupt the removal.
    """
    numbers = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN
    ]

    def end(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGHUP:
            leave_terminal()
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def has_terminal() -> bool:
    """Whether this process ends when its terminal is closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def leave_terminal() -> None:
    """Write no more to a terminal that was closed: each line would be an error, and end what saves a file."""
    void = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(void, descriptor)
    os.close(void)
