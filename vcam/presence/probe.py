"""What can be asked whether somebody watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

RESYNC_S = 30.0  # the longest that a lost wake-up can go unnoticed
POLLIN, POLLPRI = 0x001, 0x002  # poll.h; Python's select has them only where there is poll


@dataclass(frozen=True)
class ProbeReading:
    """What one look has found.

    is_watched  None if it could not be found out
    again_s     when to look again though nothing wakes us
    """

    is_watched: bool | None
    again_s: float = RESYNC_S


class Probe(Protocol):
    """Reads the level each time; a wake-up is never taken as the answer. One thread uses it."""

    @property
    def waits(self) -> Mapping[int, int]:
        """Descriptors, with the poll events on each, that say when to look; a look may change them."""

    def read(self, now_ns: int) -> ProbeReading:
        """Look now. Raises nothing that the kernel refuses: that is a reading of None."""

    def close(self) -> None: ...
