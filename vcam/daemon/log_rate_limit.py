"""Limits how often one line of the code may log, so that it does not push everything else out of the log."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]  # monotonic nanoseconds

BURST = 20  # records from one place in the code...
WINDOW_NS = 60_000_000_000  # ...within this time; the others are counted


@dataclass
class _Place:
    """What one place in the code has logged in this window."""

    begin_ns: int
    said: int = 0
    left_out: int = 0


class RateLimitFilter(logging.Filter):
    """Drops what one place in the code logs more than 20 times a minute; its next record has the count.

    For handlers. Several may share one filter: each record is judged once.
    """

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        super().__init__()
        self._clock = clock
        self._places: dict[tuple[str, int], _Place] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if "is_kept" not in record.__dict__:
            record.__dict__["is_kept"] = self._judge(record)
        return bool(record.__dict__["is_kept"])

    def _judge(self, record: logging.LogRecord) -> bool:
        now_ns, key = self._clock(), (record.pathname, record.lineno)
        place = self._places.setdefault(key, _Place(now_ns))
        if now_ns - place.begin_ns >= WINDOW_NS:
            if place.left_out:
                record.msg = f"{record.getMessage()} (and {place.left_out} more from there, left out)"
                record.args = ()
            place = self._places[key] = _Place(now_ns)
        if place.said >= BURST:
            place.left_out += 1
            return False
        place.said += 1
        return True
