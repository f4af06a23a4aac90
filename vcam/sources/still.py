"""A person before a background that stands still, bit for bit: what a virtual background makes of a call."""

from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeAlias

from vcam.frame import Frame, Plane
from vcam.sources.file import FileSource

Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom in pixels of luma, even, ends excluded


class StillSource:
    """A recording in which only one rectangle moves; around it the first frame stays.

    source   un-opened; what it raises is raised
    moving   the rectangle
    """

    def __init__(self, source: FileSource, moving: Box) -> None:
        self.name = f"{source.name}, still background"
        self._source = source
        self._moving = moving
        self._frames: Iterator[Frame] = iter(())

    def __enter__(self) -> Self:
        self._frames = self._hold(iter(self._source.__enter__()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        return next(self._frames)

    def _hold(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        left, top, right, bottom = (side // 2 for side in self._moving)
        half = left, top, right, bottom
        first: Frame | None = None
        for frame in frames:
            first = first or frame
            yield replace(
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
