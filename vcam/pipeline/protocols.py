"""What a pipeline connects: sources, stages, sinks, and the policy that answers for their failures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from vcam.errors import VcamError
from vcam.frame import Frame

Clock: TypeAlias = Callable[[], int]  # monotonic nanoseconds
Stage: TypeAlias = Callable[[Frame], Frame]
Stages: TypeAlias = Sequence[tuple[str, Stage]]  # (name in the meter, stage)


class Source(Protocol):
    """Where frames come from: a context manager that iterates.

    `__enter__` opens the device and raises SourceError if it cannot; `__next__` returns within 2 s with a
    frame, raises SourceError if none came, or StopIteration where a file ends. One thread uses it.

    It may have a `name`, and `warnings`: a tuple of sentences on what is wrong though it delivers, each with
    the remedy. Both are read from other threads, at any time.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def __iter__(self) -> Iterator[Frame]: ...

    def __next__(self) -> Frame: ...


class Sink(Protocol):
    """Where frames go. `send` takes frames of one size, raises SinkError if the frame did not get out.

    One that waits its failures out raises none and returns False for each frame that it drops meanwhile.
    """

    def send(self, frame: Frame) -> bool | None: ...

    def close(self) -> None: ...


def unchanged(frame: Frame) -> Frame:
    return frame


@dataclass(frozen=True)
class Result:
    """What the worker made of one frame.

    before  what went into the last stage: the picture as it would be without us
    after   of the output's size
    truth   what went into the first of several stages: a simulated link's sender has it
    place   how `after` was mirrored, turned and cut, for whoever shows `before` beside it
    """

    before: Frame
    after: Frame
    truth: Frame | None = None
    place: Stage = unchanged


Finish: TypeAlias = Callable[[Result], Result]  # what is done to both pictures at last


class Policy(Protocol):
    """What to do when a part fails. Called on the thread of the part."""

    def source_opened(self) -> None: ...

    def source_failed(self, error: VcamError, attempt: int) -> float | None:
        """Seconds to wait before opening the source again, or None to end the pipeline with the error.

        An error that nobody foresaw is the cause of `error`; its traceback is for the log.
        """

    def stage_failed(self, name: str, error: Exception) -> Stages | None:
        """The stages to go on with, or None to end the pipeline with the error."""


class FailFast:
    """The Policy of a foreground run: whatever fails ends it."""

    def source_opened(self) -> None:
        pass

    def source_failed(self, error: VcamError, attempt: int) -> float | None:
        return None

    def stage_failed(self, name: str, error: Exception) -> Stages | None:
        return None
