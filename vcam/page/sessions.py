"""Sessions of the page: each has a secret that the page keeps and sends with every request."""

import secrets
from hashlib import sha256

MOST = 32  # pages; the one that was used longest ago is forgotten


class Sessions:
    """Kept in memory alone, and used by one thread. No cookie holds one: cookies go to every local port."""

    def __init__(self) -> None:
        self._digests: dict[bytes, None] = {}  # the one used last at the end

    def open(self) -> str:
        """A new session's secret."""
        secret = secrets.token_urlsafe(24)
        self._digests[_digest(secret)] = None
        if len(self._digests) > MOST:
            del self._digests[next(iter(self._digests))]
        return secret

    def is_open(self, secret: str) -> bool:
        """Whether this is the secret of a session that is not forgotten."""
        digest = _digest(secret)  # looked up by its digest, how long that takes tells nothing of a secret
        if digest not in self._digests:
            return False
        del self._digests[digest]
        self._digests[digest] = None
        return True


def _digest(secret: str) -> bytes:
    return sha256(secret.encode(errors="replace")).digest()
