"""A source for a running camera, which a test can unplug, and a probe of one that nobody watches."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import ClassVar, Self

from vcam.config import Config
from vcam.errors import SourceError
from vcam.frame import Frame, black
from vcam.pipeline import Source
from vcam.presence import ProbeReading

SIZE = (128, 96)


@dataclass
class Studio:
    """A source of black frames, one each millisecond, that a test can unplug."""

    opened: int = 0
    error: str = ""
    names: list[str] = field(default_factory=list)

    def make_source(self, config: Config) -> Source:
        self.names.append(config.source)
        return self

    def __enter__(self) -> Self:
        if self.error:
            raise SourceError(self.error)
        self.opened += 1
        self.index = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        threading.Event().wait(0.001)
        if self.error:
            raise SourceError(self.error)
        self.index += 1
        return replace(black(SIZE), index=self.index, captured_ns=time.monotonic_ns())


class Nobody:
    """A probe that always says that nobody watches."""

    waits: ClassVar[Mapping[int, int]] = {}

    def read(self, now_ns: int) -> ProbeReading:
        return ProbeReading(False)

    def close(self) -> None:
        pass
