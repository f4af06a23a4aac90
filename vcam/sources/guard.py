"""The border of the sources: any error inside becomes a SourceError, and everything is closed."""

import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from vcam.errors import VcamError, as_source_error
from vcam.frame import Frame
from vcam.memory import return_freed_memory

log = logging.getLogger(__name__)


class GuardedSource:
    """What every source is on the outside; inside it has `_enter`, `_read` and `_close`.

    Nobody can list what decoders, drivers and remote senders raise: each of the three is guarded as a whole.
    What failed to open is closed again, and a close that fails is logged: nobody can do more about it.
    """

    name: str

    def _enter(self) -> None:
        """Open it. `_close` is called afterwards, also if this fails."""
        raise NotImplementedError

    def _read(self) -> Frame:
        """The next frame; StopIteration where a recording ends."""
        raise NotImplementedError

    def _close(self) -> None:
        """Let go of decoder, threads, device and frames; may be called twice."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self._enter()
        except BaseException as error:
            self.__exit__(None, None, None)
            if isinstance(error, VcamError) or not isinstance(error, Exception):
                raise
            raise as_source_error(error, self.name) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._close()
        except Exception:
            log.exception("%s could not be closed", self.name)
        return_freed_memory()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        try:
            return self._read()
        except (VcamError, StopIteration):
            raise
        except Exception as error:
            raise as_source_error(error, self.name) from error
