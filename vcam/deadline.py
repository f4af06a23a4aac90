"""Calls that may hang in a driver: the caller waits only for so long, and asks no hanging driver twice.

A call that works is no hanging one: on a machine that others keep busy it gets more time.
"""

import errno
import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")

MOST_TIMES = 4  # the limit, for a call that works to its end
LAST_SHARE = 0.25  # of the limit: who does nothing in so long hangs
THREADS = Path("/proc/self/task")  # Linux; elsewhere nobody gets more time


def call_within(
    limit_s: float, name: str, call: Callable[[], T], discard: Callable[[T], None] = lambda answer: None
) -> T:
    """What `call` returns, or raises, on a thread of its own.

    limit_s  up to MOST_TIMES as long for a call whose thread still takes processor time then
    name     of what may hang: while one call for it does, the next ones fail at once
    discard  gets an answer that came too late, to release what it holds

    Raises TimeoutError after the limit. The thread is left behind: Linux interrupts nobody inside a driver.
    """
    hanging = f"hangs: {name}"
    if any(thread.name == hanging for thread in threading.enumerate()):
        raise TimeoutError(errno.ETIMEDOUT, f"{name} still hangs")
    waiting = _Waiting(call, discard)
    thread = threading.Thread(target=waiting.run, name=name, daemon=True)
    thread.start()
    for _ in range(MOST_TIMES):
        if answer := waiting.take(limit_s * (1 - LAST_SHARE)):
            return answer()
        before_ns = _worked_ns(thread)
        if answer := waiting.take(limit_s * LAST_SHARE):
            return answer()
        if _worked_ns(thread) == before_ns:
            break
    if answer := waiting.take_last():
        return answer()
    thread.name = hanging
    raise TimeoutError(errno.ETIMEDOUT, f"no answer within {limit_s:g} s")


def _worked_ns(thread: threading.Thread) -> int:
    """The processor time that a thread has had; 0 where nobody says so, and of one that has ended."""
    try:
        return int((THREADS / str(thread.native_id) / "schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


class _Waiting(Generic[T]):
    """One call, between the thread that makes it and the one that waits for it."""

    def __init__(self, call: Callable[[], T], discard: Callable[[T], None]) -> None:
        self._call = call
        self._discard = discard
        self._answers: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_given_up = False

    def run(self) -> None:
        try:
            answer = self._call()
        except BaseException as error:  # handed to the thread that waits, which raises it
            self._put(partial(_raise, error))
            return
        if not self._put(lambda: answer):
            self._discard(answer)

    def take(self, timeout_s: float) -> Callable[[], T] | None:
        """What gives the answer, or raises it; None if there is none yet."""
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def take_last(self) -> Callable[[], T] | None:
        """The same if it came at this very moment; else nobody waits for it from here on."""
        with self._lock:
            try:
                return self._answers.get_nowait()
            except queue.Empty:
                self._is_given_up = True
                return None

    def _put(self, answer: Callable[[], T]) -> bool:
        """Hand an answer over; False if nobody waits any more."""
        with self._lock:
            self._answers.put(answer)
            return not self._is_given_up


def _raise(error: BaseException) -> NoReturn:
    raise error
