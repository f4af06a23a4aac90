"""A video file beside the output: it keeps what it has, and takes the place of no other file."""

from contextlib import suppress
from pathlib import Path

import av

from vcam.errors import SinkError
from vcam.sinks.file import FileSink

MOST_NAMES = 1000


def free_name(path: Path) -> Path:
    """The path, or the same with a number behind its name, whichever is not there yet. Raises SinkError."""
    names = [path, *(path.with_stem(f"{path.stem} {number}") for number in range(2, MOST_NAMES))]
    for name in names:
        if not name.exists():
            return name
    raise SinkError(f"cannot write {path}: there are {MOST_NAMES} recordings of that name; remove some")


class RecordingSink(FileSink):
    """A FileSink whose file stays when it cannot be finished, as on a full disk: up to its last whole part.

    A .mkv can be played without its end; a .mp4 cannot, and is not kept without it. `path` is the file's name
    once it is closed, and may change at the end, where another program has taken it meanwhile.
    """

    def close(self) -> None:
        if not self._is_over:
            self.path = free_name(self.path)
        super().close()

    def abort(self) -> None:
        """End the file as it is; without a frame in it there is none."""
        if self._is_over or self.count == 0 or self._partial is None:
            return super().abort()
        self._is_over = True
        is_whole = False
        with suppress(av.FFmpegError, OSError):
            assert self._container is not None
            self._container.close()
            is_whole = True
        if not (is_whole or self.path.suffix.lower() == ".mkv"):
            return self._unlink()
        with suppress(OSError):
            self.path = free_name(self.path)
            self._partial.replace(self.path)
        return None
