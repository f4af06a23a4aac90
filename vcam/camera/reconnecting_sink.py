"""A sink that closes a failed output and opens it again later."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from vcam.camera.policy import back_off_s
from vcam.config import Config
from vcam.errors import SinkError
from vcam.frame import Frame
from vcam.pipeline import Clock, Sink
from vcam.sinks import NullSink, make_sink
from vcam.sinks.file import VIDEO_ENDINGS
from vcam.sinks.recording import RecordingSink, free_name
from vcam.v4l2loopback.cameras import find_virtual_camera

log = logging.getLogger(__name__)

CLOSE_S = 2.0  # longest wait for a hung output at the end
RELEASE_S = 1.0  # and when it is to be released
LOOK_S = 2.0  # between two checks for a virtual camera while the page is shown in its place


def is_there() -> bool:
    """Whether there is a virtual camera; cheap."""
    return find_virtual_camera() is not None


class ReconnectingSink:
    """Sends to an output that may disappear, be busy or appear late; none of that raises an error.

    open_output  opens the output, or a NullSink if there is only the page; raises SinkError
    has_output   whether to try the output; asked every LOOK_S while there is only the page
    clock        monotonic nanoseconds

    A failed output is tried again after 0.5, 1, 2, ... 10 s. Tries happen inside `send`, which drops
    the frames between them and never sleeps. A v4l2loopback that looks busy takes half a second to
    open; nothing else waits for this thread while there is no output.

    One thread sends; any thread may call the rest.
    """

    def __init__(
        self,
        open_output: Callable[[], Sink],
        has_output: Callable[[], bool] = is_there,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self.sink: Sink | None = None  # where frames go now
        self.name = ""  # of the current output, or of the last one
        self.cause = ""  # why there is no output, or only the page
        self.is_released = False
        self.on_move: Callable[[], None] = lambda: None  # called when `sink` has changed; must not block
        self._open_output = open_output
        self._has_output = has_output
        self._clock = clock
        self._failures = 0  # in a row
        self._due_ns: int | None = None  # of the next try; None: what is open is what was asked for
        self._lock = threading.Lock()

    @property
    def output(self) -> Sink | None:
        """What other programs can watch now; None while there is only the page."""
        sink = self.sink
        return None if isinstance(sink, NullSink) else sink

    def open(self) -> Self:
        """The first try, which may fail: raises SinkError."""
        self._take(self._open_output())
        return self

    def open_later(self) -> Self:
        """The first try; one that fails is tried again while frames are sent."""
        with self._lock:
            self._try()
        return self

    def send(self, frame: Frame) -> bool:
        """Send a frame; False if it was dropped because there is no output now."""
        with self._lock:
            if self._due_ns is not None and self._clock() >= self._due_ns:
                self._try()
            if self.sink is None:
                return False
            try:
                self.sink.send(frame)
            except SinkError as error:
                self._drop()
                self._wait(error)
                return False
            if self._due_ns is None:  # else this is the page, which proves nothing
                self._failures = 0
            return True

    def release(self) -> None:
        """Close the output, so that its module can be loaded again, and keep it closed until `retake`.

        Raises SinkError if it hangs: a call into its driver cannot be interrupted.
        """
        if not self._lock.acquire(timeout=RELEASE_S):
            raise SinkError(f"{self.name} hangs and cannot be released: run: sharpkd restart")
        try:
            self.is_released, self._due_ns, self.cause = True, None, ""
            self._drop()
        finally:
            self._lock.release()

    def retake(self) -> None:
        """Open a released output again, with the next frame."""
        if not self.is_released:
            return  # without the lock, which an output that hangs has
        with self._lock:
            if self.is_released:
                self.is_released, self._due_ns = False, self._clock()

    def close(self) -> None:
        """Close for good. A hung output stays open until the process ends: closing it would hang, too."""
        if not self._lock.acquire(timeout=CLOSE_S):
            log.error("%s hangs and stays open", self.name)
            return
        try:
            self._due_ns = None
            self._drop()
        finally:
            self._lock.release()

    def _try(self) -> None:
        try:
            if self.sink is not None and not self._has_output():
                self._due_ns = self._after(LOOK_S)
                return
            opened = self._open_output()
        except (SinkError, OSError) as error:
            self._wait(error)
        else:
            self._take(opened)

    def _take(self, opened: Sink) -> None:
        stands_in = isinstance(opened, NullSink)
        is_news = bool(self.name)  # else it is the first one, and the start says so
        self._drop()
        self.sink, self.name = opened, str(getattr(opened, "name", ""))
        self._due_ns = self._after(LOOK_S) if stands_in else None
        if not stands_in:
            self.cause = ""
            if is_news:
                log.info("publishing to %s", self.name)
        self.on_move()

    def _drop(self) -> None:
        sink, self.sink = self.sink, None
        if sink is not None:
            with suppress(SinkError, OSError, RuntimeError):
                sink.close()
            self.on_move()

    def _wait(self, error: Exception) -> None:
        """Note why there is no output, and when to try again."""
        if str(error) != self.cause:
            self.cause = str(error)
            log.warning("waiting for output: %s", error)
        self._failures += 1
        self._due_ns = self._after(back_off_s(self._failures))

    def _after(self, seconds: float) -> int:
        return self._clock() + round(seconds * 1e9)


def open_sink(config: Config) -> Sink:
    """The daemon's sink: a camera is opened again after a failure; a file is not, as it would begin again.

    A file that is there already stays: the recording has a number behind its name.
    Raises SinkError if it cannot be opened now. With `auto`, the page is shown until there is a camera.
    """
    open_output = _opener(config)
    return ReconnectingSink(open_output).open() if _may_fail(config) else open_output()


def open_sink_later(config: Config) -> Sink:
    """The same for one that was open a moment ago: a camera that cannot be opened now is tried again."""
    open_output = _opener(config)
    return ReconnectingSink(open_output).open_later() if _may_fail(config) else open_output()


def _opener(config: Config) -> Callable[[], Sink]:
    if _is_file(config.sink):
        return partial(_open_recording, config)
    return partial(make_sink, config.sink, size=config.size, fps=config.fps)


def _open_recording(config: Config) -> Sink:
    path = free_name(Path(config.sink))
    return RecordingSink(path, config.size, config.fps, clock=time.monotonic_ns).open()


def _may_fail(config: Config) -> bool:
    return config.sink not in ("preview", "null") and not _is_file(config.sink)


def _is_file(sink: str) -> bool:
    return Path(sink).suffix.lower() in VIDEO_ENDINGS
