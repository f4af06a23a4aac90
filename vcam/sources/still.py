"""A person before a background that stands still, bit for bit: what a virtual background makes of a call."""

from dataclasses import replace
from typing import TypeAlias

from vcam.frame import Frame, Plane
from vcam.sources.file import FileSource
from vcam.sources.guard import GuardedSource

Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom in pixels of luma, even, ends excluded


class StillSource(GuardedSource):
    """A recording in which only one rectangle moves; around it the first frame stays.

    source   un-opened; what it raises is raised
    moving   the rectangle
    """

    def __init__(self, source: FileSource, moving: Box) -> None:
        self.name = f"{source.name}, still background"
        self._source = source
        self._moving = moving
        self._first: Frame | None = None

    def _enter(self) -> None:
        self._first = None
        self._source.__enter__()

    def _close(self) -> None:
        self._first = None
        self._source.__exit__(None, None, None)

    def _read(self) -> Frame:
        frame = next(self._source)
        first = self._first = self._first or frame
        left, top, right, bottom = (side // 2 for side in self._moving)
        half = left, top, right, bottom
        return replace(
            frame,
            y=_paste(first.y, frame.y, self._moving),
            u=_paste(first.u, frame.u, half),
            v=_paste(first.v, frame.v, half),
        )


def _paste(still: Plane, plane: Plane, box: Box) -> Plane:
    left, top, right, bottom = box
    pasted = still.copy()
    pasted[top:bottom, left:right] = plane[top:bottom, left:right]
    return pasted
