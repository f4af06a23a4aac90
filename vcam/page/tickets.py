"""Tickets that open the page once: an address may stay in a history or be seen by others."""

import secrets
import threading
import time
from collections.abc import Callable

TICKET_S = 60.0  # a browser that has to be started first is slow


class Tickets:
    """Each is taken once, within a minute; kept in memory alone. Any thread may ask for one and take one.

    clock  monotonic seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """A new ticket, safe in an address."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._forget()
            self._ends_s[ticket] = self._clock() + TICKET_S
        return ticket

    def take(self, text: str) -> bool:
        """Whether this is a ticket that still holds; from now on it does not."""
        sought = text.encode(errors="replace")
        with self._lock:
            self._forget()
            matches = [one for one in self._ends_s if secrets.compare_digest(one.encode(), sought)]
            for ticket in matches:
                del self._ends_s[ticket]
        return bool(matches)

    def _forget(self) -> None:
        now_s = self._clock()
        self._ends_s = {ticket: end_s for ticket, end_s in self._ends_s.items() if now_s < end_s}
