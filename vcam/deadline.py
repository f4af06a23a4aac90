"""Calls that may hang in a driver: the caller waits only for so long, and asks no hanging driver twice.

A call that works is no hanging one: on a machine that others keep busy it gets more time.
"""

import errno
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")

MOST_TIMES = 4  # the limit, for a call that works to its end
LAST_SHARE = 0.25  # of the limit, at the end of which it is judged whether the call works
# of a core: a thread that works has a tenth of one on a machine with a load of ten for each core, one that
# wakes up twenty times a second and sleeps again has less than a hundredth
WORKING_SHARE = 0.03
THREADS = Path("/proc/self/task")  # Linux; elsewhere nobody gets more time


class NoAnswerError(TimeoutError):
    """A call has not answered in its time.

    waited_s  how long it was waited for, in seconds: the call's limit, or a multiple of it
    """

    def __init__(self, waited_s: float, what: str) -> None:
        super().__init__(errno.ETIMEDOUT, what)
        self.waited_s = waited_s


def worked_ns(thread: threading.Thread) -> int:
    """The processor time that a thread has had; 0 where nobody says so, and of one that has ended."""
    try:
        return int((THREADS / str(thread.native_id) / "schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def call_within(
    limit_s: float,
    name: str,
    call: Callable[[], T],
    discard: Callable[[T], None] = lambda answer: None,
    *,
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    worked_ns: Callable[[threading.Thread], int] = worked_ns,
) -> T:
    """What `call` returns, or raises, on a thread of its own.

    limit_s    up to MOST_TIMES as long for a call whose thread has at least WORKING_SHARE of a core in the
               LAST_SHARE of it, again and again
    name       of what may hang: while one call for it does, the next ones fail at once
    discard    gets an answer that came too late, to release what it holds
    wait       waits for an event, at most for so many seconds; whether it came
    worked_ns  the processor time that a thread has had

    Raises NoAnswerError after that. The thread is left behind: Linux interrupts nobody inside a driver.
    """
    hanging = f"hangs: {name}"
    for thread in threading.enumerate():
        if isinstance(thread, _Calling) and thread.name == hanging:
            raise NoAnswerError(thread.waited_s, f"{name} still hangs")
    calling = _Calling(name, call, discard)
    calling.start()
    for times in range(1, MOST_TIMES + 1):
        if wait(calling.answered, limit_s * (1 - LAST_SHARE)):
            break
        before_ns = worked_ns(calling)
        if wait(calling.answered, limit_s * LAST_SHARE):
            break
        calling.waited_s = times * limit_s
        if worked_ns(calling) - before_ns < WORKING_SHARE * LAST_SHARE * limit_s * 1e9:
            break
    if answer := calling.take():
        return answer()
    calling.name = hanging
    raise NoAnswerError(calling.waited_s, f"no answer within {calling.waited_s:g} s")


class _Calling(threading.Thread, Generic[T]):
    """One call, between the thread that makes it and the one that waits for it.

    answered  set once `take` gives an answer
    waited_s  how long it was waited for in vain
    """

    def __init__(self, name: str, call: Callable[[], T], discard: Callable[[T], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.answered = threading.Event()
        self.waited_s = 0.0
        self._call = call
        self._discard = discard
        self._answer: Callable[[], T] | None = None
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

    def take(self) -> Callable[[], T] | None:
        """What gives the answer, or raises it; if there is none yet, nobody waits for it from here on."""
        with self._lock:
            self._is_given_up = self._answer is None
            return self._answer

    def _put(self, answer: Callable[[], T]) -> bool:
        """Hand an answer over; False if nobody waits any more."""
        with self._lock:
            self._answer = answer
            self.answered.set()
            return not self._is_given_up


def _raise(error: BaseException) -> NoReturn:
    raise error
