"""The sink that shows its frames to nobody: the preview page reads the pipeline itself."""

from types import TracebackType
from typing import Self

from vcam.frame import Frame


class NullSink:
    """Counts the frames it is given; `name` is what `status` calls it."""

    def __init__(self, name: str = "null") -> None:
        self.name = name
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, frame: Frame) -> None:
        self.count += 1

    def close(self) -> None:
        pass
