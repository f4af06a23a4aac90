"""The screen of a Wayland desktop as a source: what its user shares in the desktop's own dialog."""

import time
from dataclasses import replace

from vcam.errors import SenderAwaitedError, SourceError
from vcam.frame import MIN_SIDE, Frame
from vcam.sources.guard import GuardedSource
from vcam.sources.own_picture import OwnPicture
from vcam.sources.own_size import Box, cut
from vcam.sources.pace import Clock
from vcam.sources.screen import SCREEN, parse_region
from vcam.sources.share import Share, Shares

READ_S, OWN_S = 1.5, 60.0
STILL = 1.5  # periods without a picture, after which the last one is given again
TITLES = (
    "Wayland names no windows to programs: use --source screen, and choose the window in the desktop's dialog"
)
STARTING = "the desktop is being asked whether SharpKD Camera may see the screen"
ASKED = "choose what to share in the desktop's dialog; it asks whether SharpKD Camera may see the screen"
EMPTY = "the desktop shares the screen, and sends its first picture when something changes in it"


class PortalSource(GuardedSource):
    """Frames of what the user shares, in their own size: without bars, and not enlarged; see OwnSize.

    spec    "screen", or "screen:X,Y,WxH" for a region of what is shared
    fps     frames a second at most, and about two thirds of that while the screen stands still: it sends
            nothing then, and the last picture comes again
    shares  keeps the process that shares over reopenings; None: one for a single opening
    read_s  longest wait for the first picture; None: as long as whoever opens it can wait for a person

    A new size is a cut. Raises SenderAwaitedError from `__enter__` while the user is asked, which goes on
    meanwhile; SourceError if they decline, stop the sharing, or the screen cannot be shared.
    """

    name = SCREEN

    def __init__(
        self,
        spec: str,
        fps: float = 30.0,
        shares: Shares | None = None,
        *,
        clock: Clock = time.monotonic_ns,
        read_s: float | None = None,
    ) -> None:
        self.fps = fps
        self._region = parse_region(spec)
        self._has_title = self._region is None and spec != SCREEN
        self._is_own = shares is None
        self._shares = shares or Shares()
        self._clock = clock
        self._read_s = read_s or (OWN_S if shares is None else READ_S)
        self._share: Share | None = None
        self._own: OwnPicture | None = None
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._count = 0

    def _enter(self) -> None:
        if self._has_title:
            raise SourceError(TITLES)
        share = self._share = self._shares.take(self.fps)
        try:
            self._first = share.next(self._read_s)
        except TimeoutError:
            raise self._say_awaited(share) from None
        self._own, self._count = OwnPicture(), 0

    def _read(self) -> Frame:
        if self._own is None or self._share is None:
            raise ValueError("the screen is not open: use it in a with statement")
        frame = self._next(self._share)
        is_cut = self._last is None or frame.size != self._last.size
        self._last = frame
        index, self._count = self._count, self._count + 1
        return self._own.of(replace(_cut_region(frame, self._region), index=index, is_cut=is_cut))

    def _close(self) -> None:
        self._share = self._first = self._last = None
        own, self._own = self._own, None
        if own is not None:
            own.close()
        if self._is_own:
            self._shares.close()
        else:
            self._shares.rest()

    def _say_awaited(self, share: Share) -> SourceError:
        asked = ASKED if share.is_asking else STARTING
        if self._is_own:  # nobody opens it again while the dialog stays
            return SourceError(f"no picture of the screen came within {self._read_s:g} s: {asked}")
        return SenderAwaitedError(EMPTY if share.is_shared else asked)

    def _next(self, share: Share) -> Frame:
        """What comes next, or the last one again."""
        first, self._first = self._first, None
        if first is not None:
            return first
        try:
            return share.next(STILL / self.fps)
        except TimeoutError:
            assert self._last is not None
            return replace(self._last, captured_ns=self._clock())


def _cut_region(frame: Frame, region: Box | None) -> Frame:
    """The part of a frame that is meant. Raises SourceError if there is none."""
    if region is None:
        return frame
    left, top, width, height = region
    left, top = left & ~1, top & ~1
    width, height = min(width, frame.width - left), min(height, frame.height - top)
    if min(width, height) < MIN_SIDE:
        size = f"{frame.width}x{frame.height}"
        raise SourceError(f"the region lies outside of what is shared, which is {size}: move it")
    return cut(frame, (left, top, width, height), (width, height))
