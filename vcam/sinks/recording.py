"""A recording: a video file that keeps what it has, whatever ends it."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import av

from vcam.errors import SinkError
from vcam.frame import Size
from vcam.media.opening import open_recording
from vcam.sinks.file import UNSEEN_CRF, Clock, FileSink

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

    overwrite  whether the finished file takes the place of an older one; else a number behind its name makes
               it another, maybe only at the end, where another program has taken the name meanwhile

    A .mp4 is written in fragments of a second, which can be played without its end, and becomes a plain one
    with its index at that. What cannot be finished never takes the place of another file. `path` is the
    file's name once it is closed. `abort` throws everything away, as for any FileSink.
    """

    _mp4_options: ClassVar[Mapping[str, str]] = {
        "movflags": "+hybrid_fragmented+delay_moov",  # the delay: times then begin at 0 in fragments, too
        "frag_duration": "1000000",  # microseconds
    }

    def __init__(
        self,
        path: Path | str,
        size: Size,
        fps: float,
        lossless: bool = False,
        *,
        crf: int = UNSEEN_CRF,
        clock: Clock | None = None,
        overwrite: bool = False,
    ) -> None:
        super().__init__(path, size, fps, lossless, crf=crf, clock=clock)
        self._overwrites = overwrite

    def close(self) -> None:
        if not (self._is_over or self._overwrites):
            self.path = free_name(self.path)
        super().close()

    def keep(self) -> str:
        """End the file as it is; returns where that is, as words behind an error, and "" if nothing stays.

        A file without a picture that can be played is removed.
        """
        if self._is_over or self._partial is None:
            self.abort()
            return ""
        self._is_over = True
        assert self._container is not None
        with suppress(av.FFmpegError, OSError):
            if not self._is_broken:
                self._write(None)  # what the encoder still has
        with suppress(av.FFmpegError, OSError):
            self._container.close()
        if not can_be_played(self._partial):
            self._unlink()
            return ""
        try:
            target = free_name(self.path)
            self._partial.replace(target)
            self.path = target
        except (SinkError, OSError):  # its folder takes no other name any more
            self.path = self._partial
        return f"; what was recorded until then is in {self.path}"

    def _give_up(self) -> str:
        return self.keep()


def can_be_played(path: Path) -> bool:
    """Whether there is a picture in a video file."""
    with suppress(av.FFmpegError, OSError, IndexError), open_recording(path) as container:
        return any(True for _ in container.decode(video=0))
    return False
