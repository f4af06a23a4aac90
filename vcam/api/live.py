"""Frames restored one after the other as they come: from a camera, a file, or a caller's own pictures."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from vcam.api.pictures import Order, open_picture
from vcam.frame import Frame, Size
from vcam.pipeline.protocols import Source, Stage
from vcam.pipeline.slot import Slot
from vcam.sources import FileSource, make_source

JOIN_S = 5.0  # for a source that hangs
POLL_S = 0.2  # between two looks at whether the source has ended
MS = 1e6

MakeStage: TypeAlias = Callable[[Size], Stage]  # for frames of a size


@dataclass(frozen=True)
class Pair:
    """One frame of a stream.

    before      as it came; `before.index` counts the source's frames, so that a gap means that some were
                left out, and `before.captured_ns` is when it was captured: time.monotonic_ns() of a live
                source, the time stamp in the file of a recording
    after       restored
    restore_ms  for how long it was restored
    age_ms      from its capture until now, when it is handed over; None of a recording
    """

    before: Frame
    after: Frame
    restore_ms: float
    age_ms: float | None = None


class Capture:
    """A thread that reads a source; whoever takes the frames gets the newest one.

    The source is opened, read and closed by that thread alone.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._slot: Slot[Frame] = Slot()
        self._stopping = threading.Event()
        self._has_ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time, until the source ends. Raises what it raised. Once."""
        self._thread.start()
        while True:
            has_ended = self._has_ended.is_set()  # asked first: the last frame comes before the end
            frame = self._slot.take(POLL_S)
            if frame is not None:
                yield frame
            elif has_ended:
                break
        if self._error is not None:
            raise self._error

    def newest(self, frame: Frame) -> Frame:
        """The frame that came after this one, if there is one."""
        return self._slot.take(0) or frame

    def stop(self) -> None:
        """Close the source. One that hangs is left to its thread after some seconds."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            with self._source as source:
                for frame in source:
                    if self._stopping.is_set():
                        return
                    displaced = self._slot.take(0)
                    is_cut = frame.is_cut or (displaced is not None and displaced.is_cut)
                    self._slot.put(replace(frame, is_cut=is_cut))
        except Exception as error:  # the thread's boundary: raised by `frames`
            self._error = error
        finally:
            self._has_ended.set()


def open_stream(
    source: int | str | Path | Iterable[object], camera: Size, fps: float, order: Order
) -> Capture | FileSource | Iterator[Frame]:
    """The frames that a caller's source means, not yet open; those of a live one come by themselves.

    source   a camera, file, address or word as `make_source` knows them; or pictures
    camera   size asked of a camera
    fps      asked of a camera
    order    of the colours of arrays

    Raises SourceError if it is none of these, TypeError if it is nothing that can be iterated.
    """
    if not isinstance(source, int | str | Path):
        return _frames_of(iter(source), order)
    found = make_source(str(source), size=camera, fps=fps)
    if isinstance(found, FileSource) and str(source) != "sample":
        return FileSource(found.path, realtime=False)
    return Capture(found)


def restore_live(capture: Capture, make: MakeStage) -> Generator[Pair, None, None]:
    """Restore what comes, always the newest frame: what came while one was restored is left out."""
    try:
        for pair in _restore(capture.frames(), make, capture.newest):
            yield replace(pair, age_ms=(time.monotonic_ns() - pair.before.captured_ns) / MS)
    finally:
        capture.stop()


def restore_all(frames: FileSource | Iterator[Frame], make: MakeStage) -> Generator[Pair, None, None]:
    """Restore every frame, in order."""
    with frames if isinstance(frames, FileSource) else nullcontext(frames) as opened:
        yield from _restore(opened, make)


def _restore(
    frames: Iterable[Frame], make: MakeStage, newest: Callable[[Frame], Frame] = lambda frame: frame
) -> Iterator[Pair]:
    """Each frame and what becomes of it; `newest` gives a newer one after the stage was made, if there is."""
    stage: Stage | None = None
    for each in frames:
        frame = each
        if stage is None:
            stage = make(frame.size)
            frame = newest(frame)
        start_ns = time.monotonic_ns()
        after = stage(frame)
        yield Pair(frame, after, (time.monotonic_ns() - start_ns) / MS)


def _frames_of(pictures: Iterator[object], order: Order) -> Iterator[Frame]:
    """A caller's pictures as frames; Frames keep their own numbers and times."""
    for number, picture in enumerate(pictures):
        frame, _ = open_picture(picture, order)
        is_own = frame is picture
        yield frame if is_own else replace(frame, index=number, captured_ns=time.monotonic_ns())
