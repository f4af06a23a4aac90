"""Whether somebody watches, by v4l2loopback's events."""

from collections.abc import Mapping
from pathlib import Path

from vcam.presence.kernel import WatchingKernel
from vcam.presence.probe import POLLPRI, ProbeReading
from vcam.v4l2loopback.usage_events import newest_usage, subscribe


class EventProbe:
    """Reads the level through a descriptor that is fresh each time, and waits on the last one.

    A subscription that lasts answers SEND_INITIAL once; only a new descriptor is told the level again. The
    old one is closed first: the driver would queue the new one's answer to it, too, and takes few openers.
    """

    def __init__(self, node: Path, kind: int, kernel: WatchingKernel) -> None:
        self.node = node
        self._kind = kind
        self._kernel = kernel
        self._descriptor: int | None = None

    @property
    def waits(self) -> Mapping[int, int]:
        # nothing but POLLPRI: asked for more, the driver would go on to look for frames
        return {} if self._descriptor is None else {self._descriptor: POLLPRI}

    def read(self, now_ns: int) -> ProbeReading:
        self.close()
        try:
            self._descriptor = self._kernel.open(self.node)
            subscribe(self._kernel, self._descriptor, self._kind)
            usage = newest_usage(self._kernel, self._descriptor, self._kind)
        except OSError:
            self.close()
            return ProbeReading(None)
        return ProbeReading(None if usage is None else usage > 0)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._kernel.close(descriptor)
