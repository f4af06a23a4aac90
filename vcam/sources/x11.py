"""The windows of an X server: found by their titles, and where they are now."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vcam.errors import SourceError
from vcam.sources.own_size import Box

DEEPEST = 3  # below the root: a window manager's frame, the window in it, one more
NEEDED = "pip install 'sharpkd-camera[screen]'"


@dataclass(frozen=True)
class Window:
    id: int
    title: str
    box: Box  # on the screen


class Windows:
    """A connection to the X server of $DISPLAY, for one thread. Raises SourceError without its library."""

    def __init__(self) -> None:
        try:
            from Xlib import X, display, error
        except ModuleNotFoundError:
            raise SourceError(f"the parts for the screen are not installed; run: {NEEDED}") from None
        self._X, self._error = X, error
        self._display = display.Display()
        self._display.set_error_handler(lambda *_: None)
        self._root = self._display.screen().root

    def close(self) -> None:
        with suppress(self._error.ConnectionClosedError):  # the server is gone
            self._display.close()

    def all(self) -> Iterator[Window]:
        """Those that are shown and have a title."""
        yield from self._below(self._root, DEEPEST)

    def find(self, title: str) -> Window:
        """The one with this title, else the largest that has it in its own. Raises SourceError."""
        wanted = title.casefold()
        found = [one for one in self.all() if wanted in one.title.casefold()]
        if not found:  # their titles are not told: others may read this
            raise SourceError(
                "no window that is shown has that in its title; show it, or see: xwininfo -root -tree"
            )
        return max(found, key=lambda one: (one.title.casefold() == wanted, one.box[2] * one.box[3]))

    def place(self, id: int) -> Box | None:
        """Where a window is now; None if it is closed or minimised."""
        window = self._display.create_resource_object("window", id)
        try:
            if window.get_attributes().map_state != self._X.IsViewable:
                return None
            return self._box(window)
        except self._error.XError:
            return None

    def _below(self, window: Any, depth: int) -> Iterator[Window]:
        try:
            children = window.query_tree().children
        except self._error.XError:
            return
        for child in children:
            box = self.place(child.id)
            if box is None:
                continue
            title = self._title(child)
            if title:
                yield Window(child.id, title, box)
            elif depth:
                yield from self._below(child, depth - 1)

    def _title(self, window: Any) -> str:
        try:
            text = (
                window.get_full_text_property(self._display.intern_atom("_NET_WM_NAME"))
                or window.get_wm_name()
            )
        except (self._error.XError, UnicodeError):
            return ""
        return str(text or "")

    def _box(self, window: Any) -> Box:
        size = window.get_geometry()
        # where the root's corner is, as the window sees it
        corner = window.translate_coords(self._root, 0, 0)
        return -corner.x, -corner.y, size.width, size.height
