"""A process that sends frames and words on its output: how it ends, and the thread that writes.

vcam.receiver and vcam.screencast are such processes; vcam.sources.frame_process holds them.
"""

import logging
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, Generic, TypeVar

from vcam.errors import VcamError
from vcam.wire import Word, write_word

END_S = 1.0

Taken = TypeVar("Taken")


def run_program(name: str, work: Callable[[BinaryIO], None], missing: str) -> int:
    """Do the work, which writes to the output that it is given; returns the exit status.

    name     in the log
    missing  the last word where a package that it imports is not installed

    What ends it is its last word.
    """
    logging.basicConfig(level=logging.ERROR, format=f"{name}: %(message)s")
    output = sys.stdout.buffer
    try:
        work(output)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vcam"):
            raise
        write_word(output, {"error": missing})
    except (VcamError, OSError) as error:
        write_word(output, {"error": str(error)})
    else:
        return 0
    return 1


class FrameWriter(ABC, Generic[Taken]):
    """Writes words, and the newest picture, from a thread of its own: nobody waits for a slow reader."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._words: deque[Word] = deque()
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="frame writer", daemon=True)
        self._thread.start()

    @abstractmethod
    def _take(self) -> tuple[Taken | None, float | None]:
        """The newest picture if it is to be written now, else None and after how many seconds to ask again.

        `_changed` is held; None for the seconds: when it is notified.
        """

    @abstractmethod
    def _write(self, taken: Taken) -> None:
        """Write it. Raises OSError."""

    def say(self, word: Word) -> None:
        with self._changed:
            self._words.append(word)
            self._changed.notify()

    def close(self) -> None:
        """Write the words that wait, then end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(END_S)

    def _run(self) -> None:
        try:
            while self._write_next():
                pass
        except OSError:
            return  # nobody reads any more: the process ends by its input

    def _write_next(self) -> bool:
        """Wait for a word or a picture and write it; False at the end."""
        taken: Taken | None = None
        with self._changed:
            while not self._words and taken is None:
                taken, wait_s = self._take()
                if taken is None and self._is_closed:
                    return False
                if taken is None:
                    self._changed.wait(wait_s)
            word = self._words.popleft() if taken is None else None
        if word is not None:
            write_word(self._stream, word)
        elif taken is not None:
            self._write(taken)
        return True
