"""What is kept of the page while no camera runs: its port, and digests of what opens it."""

import json
import logging
import math
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vcam.paths import write_private
from vcam.regular import read_small

log = logging.getLogger(__name__)

LARGEST = 65_536  # bytes; 64 digests are a tenth of it
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """The port, and the ends of keys and sessions by their digests, seconds since 1970.

    is_set  the port was the user's wish, and says nothing of which one to take where any will do
    """

    port: int = 0
    is_set: bool = False
    keys: Mapping[str, float] = field(default_factory=dict)
    sessions: Mapping[str, float] = field(default_factory=dict)


class PageMemory:
    """A file that only this user can read, in a folder that only this user can enter.

    path  None: nothing is kept

    Who steals it cannot open the page: secrets are in it by their SHA-256 alone, and have 192 random bits. A
    file that is damaged, too large or another user's counts as none; if it cannot be written, that is logged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.kept = _read(path) if path else Kept()

    def forget_secrets(self) -> None:
        """Whoever has had the port may have been sent what opens the page."""
        self.kept = Kept(self.kept.port, self.kept.is_set)

    def keep(self, **changes: object) -> None:
        """Change some of it, and write all."""
        with self._lock:
            self.kept = replace(self.kept, **changes)  # type: ignore[arg-type]  # by the names of its fields
            if self._path is None:
                return
            try:
                write_private(self._path, json.dumps(asdict(self.kept)) + "\n")
            except OSError as error:
                log.info("the page is forgotten at the next start: %s", error)


def _read(path: Path) -> Kept:
    try:
        if path.lstat().st_uid != os.getuid():
            return Kept()
        table = json.loads(read_small(path, LARGEST))
        return Kept(
            _port(table["port"]), table.get("is_set") is True, _ends(table["keys"]), _ends(table["sessions"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Kept()


def _port(value: object) -> int:
    return value if type(value) is int and 0 <= value <= 65535 else 0


def _ends(table: Mapping[str, object]) -> dict[str, float]:
    return {
        digest: float(end_s)
        for digest, end_s in table.items()
        if DIGEST.fullmatch(digest) and isinstance(end_s, int | float) and math.isfinite(end_s)
    }
