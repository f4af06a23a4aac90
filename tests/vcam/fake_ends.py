"""A source and a sink that a test holds in its hand, and waiting without sleeping longer than needed."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from vcam.errors import SourceError, VcamError
from vcam.frame import Frame, black
from vcam.pipeline import FailFast, Pipeline, Source, Stages

SIZE = (64, 48)
PATIENCE_S = 60.0
FPS = 200.0
CARD = black(SIZE)


class Feed:
    """A source that delivers what the test puts in, when it puts it in: frames, an error or the end."""

    def __init__(self) -> None:
        self.opened = 0
        self.is_open = False
        self.opening_error: VcamError | None = None
        self._items: queue.Queue[Frame | VcamError | None] = queue.Queue()

    def send(self, *indices: int) -> None:
        for index in indices:
            self._items.put(replace(CARD, index=index))

    def fail(self, message: str = "unplugged") -> None:
        self._items.put(SourceError(message))

    def end(self) -> None:
        self._items.put(None)

    def __enter__(self) -> Self:
        self.opened += 1
        if self.opening_error:
            raise self.opening_error
        self.is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_open = False

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        item = self._items.get(timeout=PATIENCE_S)
        if item is None:
            raise StopIteration
        if isinstance(item, VcamError):
            raise item
        return replace(item, captured_ns=time.monotonic_ns())


class Tape:
    """A sink that keeps its frames and when they came."""

    def __init__(self, error: VcamError | None = None) -> None:
        self.frames: list[Frame] = []
        self.times_ns: list[int] = []
        self.error = error

    def send(self, frame: Frame) -> None:
        if self.error:
            raise self.error
        self.times_ns.append(time.monotonic_ns())
        self.frames.append(frame)

    def close(self) -> None:
        pass

    @property
    def pictures(self) -> list[int]:
        """The numbers of the frames that were shown, repeats and cards left out."""
        numbers = [frame.index for frame in self.frames if frame is not CARD]
        return [number for k, number in enumerate(numbers) if k == 0 or number != numbers[k - 1]]


class Gate:
    """A stage that lets a frame through when the test says so."""

    def __init__(self) -> None:
        self.seen: list[Frame] = []
        self._permits = threading.Semaphore(0)

    def open(self, frames: int = 1000) -> None:
        self._permits.release(frames)

    def __call__(self, frame: Frame) -> Frame:
        self.seen.append(frame)
        assert self._permits.acquire(timeout=PATIENCE_S), "nobody opened the gate"
        return frame


class Patient(FailFast):
    """Tries a failed source again after `delay_s`, and notes what it was asked."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.attempts: list[int] = []
        self.errors: list[VcamError] = []

    def source_failed(self, error: VcamError, attempt: int) -> float | None:
        self.errors.append(error)
        self.attempts.append(attempt)
        return self.delay_s


class Ending(Source, Protocol):
    def end(self) -> None: ...


@contextmanager
def running(
    source: Ending, tape: Tape, stages: Stages = (), *, fps: float = FPS, **options: object
) -> Iterator[Pipeline]:
    """A started pipeline; at the end its source is let go, it is stopped and has left no thread."""
    pipeline = Pipeline(lambda: source, stages, tape, size=SIZE, fps=fps, placeholder=CARD, **options)  # type: ignore[arg-type]
    pipeline.start()
    try:
        yield pipeline
    finally:
        source.end()
        pipeline.stop()
        assert not [thread.name for thread in pipeline._threads if thread.is_alive()]


def wait_for(claim: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.002)
