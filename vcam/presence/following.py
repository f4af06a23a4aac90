"""A probe of an output that may move, vanish and come back."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from vcam.presence.probe import Probe, ProbeReading

Place = TypeVar("Place")


class FollowingProbe(Generic[Place]):
    """Asks the probe of where the output is now. What is nowhere is watched by nobody.

    where  the output's place, another object after each move; None while it is nowhere
    find   the probe of a place; None if nothing tells who watches there

    Both are called on the thread that reads. Who moves the output rings it: Presence.look_again.
    """

    def __init__(self, where: Callable[[], Place | None], find: Callable[[Place], Probe | None]) -> None:
        self._where = where
        self._find = find
        self._place: Place | None = None
        self._probe: Probe | None = None

    @property
    def waits(self) -> Mapping[int, int]:
        return self._probe.waits if self._probe else {}

    def read(self, now_ns: int) -> ProbeReading:
        place = self._where()
        if place is not self._place:
            self.close()
            self._place = place
            self._probe = None if place is None else self._find(place)
        if place is None:
            return ProbeReading(False)
        return self._probe.read(now_ns) if self._probe else ProbeReading(None)

    def close(self) -> None:
        probe, self._probe, self._place = self._probe, None, None
        if probe is not None:
            probe.close()
