"""Secrets that open the page, known by their digests alone: a session's, or the key of an address."""

import secrets
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeAlias

MOST = 32  # of a kind; the one that was used longest ago is forgotten
LASTS_S = 7 * 86_400.0  # without being used
NOTED_S = 3_600.0  # by so much later an end is worth being kept

Ends: TypeAlias = dict[str, float]  # digest in hex -> end, seconds since 1970; the one used last at the end


class Sessions:
    """Secrets that are open for a week after they were used last; one thread uses them.

    known  digests of secrets that were open before, with their ends
    keep   called with all digests when something worth keeping has changed
    clock  seconds since 1970

    No cookie holds one: cookies go to every local port. A secret itself is nowhere but with its page, so that
    who reads what is kept can open nothing.
    """

    def __init__(
        self,
        known: Mapping[str, float] | None = None,
        keep: Callable[[Ends], None] = lambda ends: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keep = keep
        self._clock = clock
        latest_s = clock() + LASTS_S  # an end beyond that was written under another clock
        known = known or {}
        self._ends_s: Ends = {digest: end_s for digest, end_s in known.items() if end_s <= latest_s}
        self._forget()

    def open(self) -> str:
        """A new secret."""
        secret = secrets.token_urlsafe(24)
        self._note(_digest(secret))
        self._keep(dict(self._ends_s))
        return secret

    def is_open(self, secret: str) -> bool:
        """Whether this secret is neither forgotten nor too old; from now on it lasts a week again."""
        self._forget()
        digest = _digest(secret)  # looked up by its digest, how long that takes tells nothing of a secret
        end_s = self._ends_s.get(digest)
        if end_s is None:
            return False
        if self._clock() + LASTS_S - end_s > NOTED_S:
            self._note(digest)
            self._keep(dict(self._ends_s))
        else:
            self._ends_s[digest] = self._ends_s.pop(digest)
        return True

    def _note(self, digest: str) -> None:
        self._ends_s.pop(digest, None)
        self._ends_s[digest] = self._clock() + LASTS_S
        self._forget()

    def _forget(self) -> None:
        now_s = self._clock()
        self._ends_s = {digest: end_s for digest, end_s in self._ends_s.items() if now_s < end_s}
        while len(self._ends_s) > MOST:
            del self._ends_s[next(iter(self._ends_s))]


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
