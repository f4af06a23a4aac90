"""Staying with one camera where the user named none."""

import logging
import time
from collections.abc import Callable, Sequence

from vcam.errors import SourceError
from vcam.sources.devices import CaptureDevice, list_devices, usable_devices
from vcam.sources.pace import SECOND_NS, Clock

log = logging.getLogger(__name__)

# how long a camera that is gone is waited for; it is looked for again 0, .5, 1.5, ... 7.5, 15.5 s after
LOYALTY_S = 10.0


class DeviceChoice:
    """Lists the cameras for `auto`, the one that was used last first.

    cameras  lists them as they are
    clock    monotonic nanoseconds
    recall   the camera that an earlier call has used, whoever named it; None if there was none

    A call must not jump to another webcam since a cable was touched: while that camera is missing, this
    raises SourceError, for 10 s or as long as there is no other. It is known by its by-id link, or else by
    its name, since its number may change. Once another was taken, that one is stayed with, until the next
    call begins.
    """

    def __init__(
        self,
        cameras: Callable[[], Sequence[CaptureDevice]] = list_devices,
        clock: Clock = time.monotonic_ns,
        recall: Callable[[], CaptureDevice | None] = lambda: None,
    ) -> None:
        self._cameras = cameras
        self._clock = clock
        self._recall = recall
        self._last: CaptureDevice | None = None
        self._missing_ns: int | None = None  # since when

    def begin_call(self) -> None:
        """The source was closed on purpose: no call can jump if another camera is taken now."""
        self._last, self._missing_ns = None, None

    def __call__(self) -> list[CaptureDevice]:
        cameras = list(self._cameras())
        usable = usable_devices(cameras)
        wanted = self._last or self._recall()
        first = next((camera for camera in usable if wanted and _is_same(camera, wanted)), None)
        if first is None and self._last is not None:
            self._wait_for(self._last, cameras, has_others=bool(usable))
        first = first or next(iter(usable), None)
        if first is None:
            return cameras
        if self._last is not None and not _is_same(first, self._last):
            log.warning("%s is gone for good: taking %s", self._last.name, first.name)
        self._last, self._missing_ns = first, None
        return [first, *(camera for camera in cameras if camera != first)]

    def _wait_for(self, last: CaptureDevice, cameras: Sequence[CaptureDevice], has_others: bool) -> None:
        """Raise SourceError unless it was missing for so long that another camera may be taken."""
        now_ns = self._clock()
        self._missing_ns = now_ns if self._missing_ns is None else self._missing_ns
        if has_others and now_ns - self._missing_ns >= LOYALTY_S * SECOND_NS:
            return
        here = next((camera for camera in cameras if _is_same(camera, last)), None)
        why = f"{here}: {here.fault or here.drawback}" if here else f"{last.name} is gone: plug it in again"
        after = "; after about 15 s another camera is taken" if has_others else ""
        raise SourceError(f"{why}{after}")


def _is_same(one: CaptureDevice, other: CaptureDevice) -> bool:
    """Links decide, but only between two that have one: udev makes it some time after the node."""
    if one.stable_id and other.stable_id:
        return one.stable_id == other.stable_id
    return one.name == other.name
