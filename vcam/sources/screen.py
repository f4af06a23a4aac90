"""The screen, a part of it, or a window of an X server as a source: the other side of a call, for example."""

import os
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import numpy as np

from vcam.conversion.opencv import from_bgrx
from vcam.errors import SourceError
from vcam.frame import MIN_SIDE, Frame
from vcam.sources.guard import GuardedSource
from vcam.sources.own_picture import OwnPicture
from vcam.sources.own_size import Box
from vcam.sources.pace import SECOND_NS, Clock, Pace, Sleep
from vcam.sources.x11 import NEEDED, Windows

SCREEN = "screen"
FORMS = "screen, screen:X,Y,WxH or screen:WINDOW TITLE"
REGION = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{1,5})x(\d{1,5})")
OURS = "SharpKD Camera"  # the title of our panel
LOOK_NS = 1_000_000_000
LOOP = "the panel's window is in the picture that it shows; move it away, or name another window"


def is_screen(spec: str) -> bool:
    return spec == SCREEN or spec.startswith(f"{SCREEN}:")


def is_wayland(environ: Mapping[str, str]) -> bool:
    """Whether a desktop's session is Wayland's; programs for X11 may run in it all the same."""
    return bool(environ.get("WAYLAND_DISPLAY")) or environ.get("XDG_SESSION_TYPE") == "wayland"


def parse_region(spec: str) -> Box | None:
    """The region of screen:X,Y,WxH; None for the others. Raises SourceError if it can be no picture."""
    found = REGION.fullmatch(spec.removeprefix(f"{SCREEN}:").strip())
    if found is None:
        if spec.startswith(f"{SCREEN}:") and not spec.removeprefix(f"{SCREEN}:").strip():
            raise SourceError(f"the source names no window; expected {FORMS}")
        return None
    left, top, width, height = map(int, found.groups())
    if min(width, height) < MIN_SIDE:
        raise SourceError(f"the region is {width}x{height}; expected at least {MIN_SIDE}x{MIN_SIDE} pixels")
    return left, top, width & ~1, height & ~1


class ScreenSource(GuardedSource):
    """Frames of what is seen on the screen, in their own size: without bars, and not enlarged; see OwnSize.

    spec     "screen" for all screens, "screen:X,Y,WxH" for a region, "screen:TITLE" for the window with this
             title, or with it in its own; what covers the window is in the picture
    fps      frames a second
    clock    monotonic nanoseconds; `captured_ns` is its time when the screen was read
    environ  of the desktop's session

    A window is followed where it goes; a new size is a cut. `warnings` says that our own panel is in the
    picture. Raises SourceError if there is no X server, no such window, or it was closed or minimised.
    """

    name = SCREEN

    def __init__(
        self,
        spec: str,
        fps: float = 30.0,
        *,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.fps = fps
        self.warnings: tuple[str, ...] = ()
        self._region = parse_region(spec)
        self._title = "" if self._region or spec == SCREEN else spec.removeprefix(f"{SCREEN}:").strip()
        self._clock = clock
        self._sleep = sleep
        self._environ = environ
        self._windows: Windows | None = None
        self._grabber: Any = None
        self._pace = Pace(clock, sleep)
        self._window = 0
        self._box: Box = (0, 0, 0, 0)
        self._own: OwnPicture | None = None
        self._count = 0
        self._looked_ns: int | None = None

    def _enter(self) -> None:
        self._grabber = _open_grabber(self._environ.get("DISPLAY", ""))
        self._windows = Windows()
        if self._title:
            self._window = self._windows.find(self._title).id
        self._own, self._count, self._looked_ns = OwnPicture(), 0, None
        self._pace = Pace(self._clock, self._sleep)
        self._box = (0, 0, 0, 0)

    def _close(self) -> None:
        windows, self._windows = self._windows, None
        grabber, self._grabber = self._grabber, None
        own, self._own = self._own, None
        with ExitStack() as rest:  # each of them, whatever the one before raises
            if own is not None:
                rest.callback(own.close)
            if grabber is not None:
                rest.callback(_close_grabber, grabber)
            if windows is not None:
                rest.callback(windows.close)

    def _read(self) -> Frame:
        if self._windows is None or self._own is None:
            raise ValueError("the screen is not open: use it in a with statement")
        index, self._count = self._count, self._count + 1
        self._pace.wait(round(index * SECOND_NS / self.fps))
        box = self._find_box()
        is_cut = index == 0 or box[2:] != self._box[2:]
        self._box = box
        captured_ns = self._clock()
        self._look_for_panel(captured_ns)
        return self._own.of(replace(self._grab(box), index=index, captured_ns=captured_ns, is_cut=is_cut))

    def _find_box(self) -> Box:
        """Where to read now: within the screen, with even sides. Raises SourceError."""
        assert self._windows is not None
        screen = self._grabber.monitors[0]
        left, top, width, height = 0, 0, screen["width"], screen["height"]
        if self._window:
            place = self._windows.place(self._window)
            if place is None:
                raise SourceError("the window is closed or minimised: show it again")
            left, top, width, height = place
        elif self._region:
            left, top, width, height = self._region
        right, bottom = min(left + width, screen["width"]), min(top + height, screen["height"])
        left, top = max(left, 0), max(top, 0)
        if right - left < MIN_SIDE or bottom - top < MIN_SIDE:
            size = f"{screen['width']}x{screen['height']}"
            raise SourceError(f"what is to be read lies outside of the screen, which is {size}: move it back")
        return left, top, (right - left) & ~1, (bottom - top) & ~1

    def _grab(self, box: Box) -> Frame:
        left, top, width, height = box
        try:
            shot = self._grabber.grab({"left": left, "top": top, "width": width, "height": height})
        except Exception:  # mss and its libraries raise many kinds, AssertionError among them
            raise SourceError("the X server does not answer any more, or its screen has changed") from None
        pixels = np.frombuffer(shot.bgra, np.uint8).reshape(height, width, 4)
        return from_bgrx(pixels)

    def _look_for_panel(self, now_ns: int) -> None:
        """Once a second: whether our panel shows its own picture again."""
        if self._looked_ns is not None and now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        assert self._windows is not None
        ours = (one.box for one in self._windows.all() if one.title.startswith(OURS))
        self.warnings = (LOOP,) if any(_overlap(one, self._box) for one in ours) else ()


def _overlap(one: Box, other: Box) -> bool:
    return all(
        one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


def _close_grabber(grabber: Any) -> None:
    import mss

    with suppress(mss.ScreenShotError):  # the server is gone
        grabber.close()


def _open_grabber(display: str) -> Any:
    try:
        import mss
    except ModuleNotFoundError:
        raise SourceError(f"the parts for the screen are not installed; run: {NEEDED}") from None
    try:
        return mss.MSS()
    except mss.ScreenShotError:
        raise SourceError(
            f"no X server answers at DISPLAY={display!r}; run it in a desktop's session"
        ) from None
