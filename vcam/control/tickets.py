"""What opens the page once, in an address that others may read: a browser's arguments are no secret."""

import secrets
import time
from collections.abc import Callable

TICKET_S = 60.0  # a browser that has to be started first is slow


class Tickets:
    """Each is taken once, within a minute; kept in memory alone, and used by one thread.

    clock  monotonic seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s: dict[str, float] = {}

    def issue(self) -> str:
        """A new ticket, safe in an address."""
        self._forget()
        ticket = secrets.token_urlsafe(24)
        self._ends_s[ticket] = self._clock() + TICKET_S
        return ticket

    def take(self, text: str) -> bool:
        """Whether this is a ticket that still holds; from now on it does not."""
        self._forget()
        matches = [
            ticket for ticket in self._ends_s if secrets.compare_digest(ticket.encode(), text.encode())
        ]
        for ticket in matches:
            del self._ends_s[ticket]
        return bool(matches)

    def _forget(self) -> None:
        now_s = self._clock()
        self._ends_s = {ticket: end_s for ticket, end_s in self._ends_s.items() if now_s < end_s}
