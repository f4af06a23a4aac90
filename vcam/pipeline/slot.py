"""Where one thread leaves a value for another: room for one, and the newest wins."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds the latest value; putting a second one before the first was taken drops the first."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._changed = threading.Condition()

    def put(self, value: T) -> bool:
        """Store the value; True if it displaced one that nobody took."""
        with self._changed:
            displaced, self._value = self._value is not None, value
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float) -> T | None:
        """Take the value out, waiting for one up to `timeout_s`; None if none came."""
        with self._changed:
            if self._value is None and timeout_s > 0:
                self._changed.wait(timeout_s)
            value, self._value = self._value, None
            return value
