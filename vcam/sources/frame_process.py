"""A process that sends frames and words on its output, as a source sees it: its end is a SourceError."""

import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, BinaryIO, Self

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.wire import read_one

START_S = 60.0  # to start a Python on a busy machine
END_S = 3.0


class FrameProcess:
    """Holds a process that writes as vcam.wire reads, until its input ends, and its newest frame.

    command  what to start
    purpose  what it is for, in errors

    Any thread may ask it anything.
    """

    def __init__(self, command: Sequence[str], purpose: str) -> None:
        self.failure = ""
        self.has_sent = False  # a frame, ever
        self._command = command
        self._purpose = purpose
        self._frame: Frame | None = None
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    def _note_word(self, word: dict[str, Any]) -> None:
        """What a word changes; `_changed` is held, and notified afterwards."""
        raise NotImplementedError

    def _note_end(self) -> None:
        """The same, of the process's end."""

    def start(self, is_ready: Callable[[], object] = lambda: True) -> None:
        """Start it, and wait until it is ready, or at once. Raises SourceError if it cannot be."""
        process = self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen, args=(process.stdout,), name="frame process", daemon=True
        )
        self._listener.start()
        with self._changed:
            if not self._changed.wait_for(lambda: is_ready() or self.failure, START_S):
                self.failure = f"the process for {self._purpose} did not answer within {START_S:.0f} s"
        if self.failure:
            self.close()
            raise SourceError(self.failure)

    def give_up(self) -> None:
        """Have `start` end now, in whatever thread it waits."""
        with self._changed:
            self.failure = self.failure or f"the process for {self._purpose} is not wanted any more"
            self._changed.notify_all()

    def next(self, timeout_s: float, has_left: Callable[[], bool] = lambda: False) -> Frame:
        """The newest frame that was not taken yet.

        Raises TimeoutError after `timeout_s`, or once `has_left` says that none will come; SourceError if the
        process has ended.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame or self.failure or has_left(), timeout_s)
            frame, self._frame = self._frame, None
            if frame is None and self.failure:
                raise SourceError(self.failure)
        if frame is None:
            raise TimeoutError
        return frame

    def drop(self) -> None:
        """Forget a frame that waits: it may be old."""
        with self._changed:
            self._frame = None

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert self._listener is not None
        self._listener.join(END_S)
        if process.stdout is not None and not self._listener.is_alive():
            process.stdout.close()

    def _listen(self, stream: BinaryIO) -> None:
        """The thread that takes frames and words, until the process ends."""
        why = f"the process for {self._purpose} has ended"
        try:
            while (one := read_one(stream)) is not None:
                with self._changed:
                    self._note(one)
                    self._changed.notify_all()
        except (LookupError, TypeError) as error:
            why = f"the process for {self._purpose} sent a word that is not whole: {error!r}"
        except (SourceError, ValueError, OSError) as error:
            why = f"the process for {self._purpose} failed: {error}"
        with self._changed:
            self.failure = self.failure or why
            self._frame = None
            self._note_end()
            self._changed.notify_all()

    def _note(self, one: Frame | dict[str, Any]) -> None:
        if isinstance(one, Frame):
            owes_cut = self._frame is not None and self._frame.is_cut
            self._frame = replace(one, is_cut=True) if owes_cut else one
            self.has_sent = True
        elif "error" in one:
            self.failure = str(one["error"])
        else:
            self._note_word(one)


class Keeper(ABC):
    """Keeps a process over reopenings of its source, and ends it when the source stays closed.

    rest_s  how long it goes on while its source is closed

    Any thread may ask it anything; it is a context manager.
    """

    def __init__(self, rest_s: float) -> None:
        self._lock = threading.RLock()
        self._rest_s = rest_s
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """End the process."""

    def _close_later(self) -> None:
        """Close, unless `_keep_on` comes first; the lock is held."""
        timer = self._timer = threading.Timer(self._rest_s, lambda: self._close_rested(timer))
        timer.daemon = True
        timer.start()

    def _close_rested(self, timer: threading.Timer) -> None:
        with self._lock:
            if timer is self._timer:  # else the source was opened again since it rang
                self.close()

    def _keep_on(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
