"""Where one thread leaves a value for another: room for one, and the newest wins."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds the latest value; putting a second one before the first was taken drops the first.

    Once it is closed nobody waits for a value; one that is in it can still be taken.
    """

    def __init__(self) -> None:
        self._value: T | None = None
        self._is_closed = self._is_woken = False
        self._changed = threading.Condition()

    def put(self, value: T) -> bool:
        """Store the value; True if it displaced one that nobody took."""
        with self._changed:
            displaced, self._value = self._value is not None, value
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float | None) -> T | None:
        """Take the value out, waiting for one up to `timeout_s`, None being for ever; None if none came."""
        with self._changed:
            # asked again after each wake: another thread may have been quicker to take what was put
            self._changed.wait_for(self._is_over, timeout_s)
            self._is_woken = False
            value, self._value = self._value, None
            return value

    def wake(self) -> None:
        """Let who waits, or takes next, go on without a value once."""
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def close(self) -> None:
        """Let all who wait go on without a value, from now on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _is_over(self) -> bool:
        """Whether a wait is."""
        return self._value is not None or self._is_closed or self._is_woken
