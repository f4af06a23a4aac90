"""What was captured, on its way out: the newest frame and all words, written by a thread of its own."""

import threading
import time
from collections import deque
from dataclasses import replace
from typing import BinaryIO

from vcam.frame import Frame
from vcam.wire import Word, write_frame, write_word


class Output:
    """Takes frames from PipeWire's thread; writes at most `fps` of them a second, from a thread of its own.

    Nobody waits for a slow reader: a frame that is not written when the next one comes is dropped. The first
    one, and one of another size than that before, are cuts.
    """

    def __init__(self, stream: BinaryIO, fps: float) -> None:
        self._stream = stream
        self._period_s = 1 / fps
        self._words: deque[Word] = deque()
        self._next: Frame | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._next = frame
            self._changed.notify()

    def say(self, word: Word) -> None:
        with self._changed:
            self._words.append(word)
            self._changed.notify()

    def close(self) -> None:
        """Write the words that wait, then end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(1.0)

    def _run(self) -> None:
        size, count, due_s = (0, 0), 0, time.monotonic()
        try:
            while (taken := self._take(due_s)) is not None:
                if isinstance(taken, Frame):
                    due_s = max(due_s + self._period_s, time.monotonic())
                    write_frame(self._stream, replace(taken, index=count, is_cut=taken.size != size))
                    size, count = taken.size, count + 1
                else:
                    write_word(self._stream, taken)
        except OSError:
            return  # nobody reads any more: the process ends by its input

    def _take(self, due_s: float) -> Frame | Word | None:
        """The next word, or the newest frame once that is due; None at the end."""
        with self._changed:
            while not self._words and not self._is_closed:
                wait_s = due_s - time.monotonic()
                if self._next is not None and wait_s <= 0:
                    frame, self._next = self._next, None
                    return frame
                self._changed.wait(wait_s if self._next is not None else None)
            return self._words.popleft() if self._words else None
