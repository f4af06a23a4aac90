"""Calls that may hang in a driver: the caller waits only for so long, and asks no hanging driver twice."""

import errno
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


def call_within(
    limit_s: float, name: str, call: Callable[[], T], discard: Callable[[T], None] = lambda answer: None
) -> T:
    """What `call` returns, or raises, on a thread of its own.

    name     of what may hang: while one call for it does, the next ones fail at once
    discard  gets an answer that came too late, to release what it holds

    Raises TimeoutError after `limit_s`. The thread is left behind: Linux interrupts nobody inside a driver.
    """
    hanging = f"hangs: {name}"
    if any(thread.name == hanging for thread in threading.enumerate()):
        raise TimeoutError(errno.ETIMEDOUT, f"{name} still hangs")
    waiting = _Waiting(call, discard)
    thread = threading.Thread(target=waiting.run, name=name, daemon=True)
    thread.start()
    try:
        return waiting.take(limit_s)
    except TimeoutError:
        thread.name = hanging
        raise


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

    def take(self, limit_s: float) -> T:
        try:
            return self._answers.get(timeout=limit_s)()
        except queue.Empty:
            return self._take_last(limit_s)()

    def _put(self, answer: Callable[[], T]) -> bool:
        """Hand an answer over; False if nobody waits any more."""
        with self._lock:
            self._answers.put(answer)
            return not self._is_given_up

    def _take_last(self, limit_s: float) -> Callable[[], T]:
        """The answer if it came at this very moment; else nobody waits for it from here on."""
        with self._lock:
            try:
                return self._answers.get_nowait()
            except queue.Empty:
                self._is_given_up = True
        raise TimeoutError(errno.ETIMEDOUT, f"no answer within {limit_s:g} s")


def _raise(error: BaseException) -> NoReturn:
    raise error
