"""What is published, recorded into a file beside the output."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from vcam.errors import SinkError, VcamError
from vcam.frame import Frame, Size
from vcam.pipeline import Clock, Sink
from vcam.sinks.recording import RecordingSink, free_name

log = logging.getLogger(__name__)

CRF = 20  # of x264: a third of the bytes of what the eye cannot tell from the picture
ROOM = 12  # frames that wait for the encoder; of 1080p they take 37 MB
LOOK_S = 0.25
END_S = 10.0  # for the frames that wait, at the end; a stopping service has 20
NICENESS = 10  # the encoder's, which must not take the time of the restoration


class Recorder:
    """One recording, written in a thread of its own, which the output never waits for.

    What comes while the encoder is behind by ROOM frames is dropped and counted. A failure ends it;
    `fault` says why, and what was written until then stays.
    """

    def __init__(self, path: Path, size: Size, fps: float, clock: Clock = time.monotonic_ns) -> None:
        self.dropped = 0
        self.fault = ""
        self._sink = RecordingSink(path, size, fps, crf=CRF)
        self._clock = clock
        self._begin_ns = clock()
        self._frames: queue.Queue[tuple[Frame, int]] = queue.Queue(ROOM)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    @property
    def path(self) -> Path:
        return self._sink.path

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive() and not self._is_over.is_set()

    @property
    def seconds(self) -> float:
        return (self._clock() - self._begin_ns) / 1e9

    def start(self) -> None:
        """Begin the file. Raises SinkError if it cannot be made."""
        self._sink.open()
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Record a frame that was just published; never waits."""
        if self._is_over.is_set():
            return
        try:
            self._frames.put_nowait((frame, self._clock()))
        except queue.Full:
            self.dropped += 1

    def finish(self) -> None:
        """Write what waits and finish the file; on a disk that hangs it is left unfinished."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(END_S)
            if self._thread.is_alive():
                self.fault = f"{self.path} could not be finished within {END_S:.0f} s"
                log.warning("%s", self.fault)

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # of this thread and those that x264 starts from it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            self._write()
            self._sink.close()
        except (VcamError, ValueError) as error:
            self.fault = f"the recording has ended: {error}{self._sink.keep()}"
            log.warning("%s", self.fault)
        finally:
            self._is_over.set()

    def _write(self) -> None:
        first_ns: int | None = None
        while True:
            try:
                frame, now_ns = self._frames.get(timeout=LOOK_S)
            except queue.Empty:
                if self._is_over.is_set():
                    return
                continue
            first_ns = now_ns if first_ns is None else first_ns
            self._sink.send(frame, (now_ns - first_ns) / 1e9)


class RecordedSink:
    """A sink that passes frames on, and gives each to a recording as well while there is one.

    folder  where recordings go
    """

    def __init__(
        self, sink: Sink, size: Size, fps: float, folder: Callable[[], Path], clock: Clock = time.monotonic_ns
    ) -> None:
        self._sink = sink
        self._size = size
        self._fps = fps
        self._folder = folder
        self._clock = clock
        self._recorder: Recorder | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def send(self, frame: Frame) -> bool | None:
        answer = self._sink.send(frame)
        recorder = self._recorder
        if recorder is not None:
            recorder.offer(frame)
        return answer

    def close(self) -> None:
        """End the recording for good; the sink is for its opener to close."""
        if not self._lock.acquire(timeout=END_S):
            log.error("the disk of the recording hangs: it is left unfinished")
            return
        try:
            self._is_closed = True
            self._end()
        finally:
            self._lock.release()

    def record(self, is_wanted: bool) -> None:
        """Begin a recording or end it; what is so already stays so. Raises SinkError."""
        with self._lock:
            is_running = self._recorder is not None and self._recorder.is_running
            if not is_wanted:
                self._end()
            elif self._is_closed:
                raise SinkError("the camera is being stopped; nothing can be recorded")
            elif not is_running:
                name = f"SharpKD {datetime.now():%Y-%m-%d %H.%M.%S}.mkv"
                recorder = Recorder(free_name(self._folder() / name), self._size, self._fps, self._clock)
                recorder.start()
                self._recorder = recorder

    def status(self) -> dict[str, object] | None:
        """The recording that goes on, None if none does."""
        recorder = self._recorder
        if recorder is None or not recorder.is_running:
            return None
        return {
            "file": str(recorder.path),
            "seconds": round(recorder.seconds, 1),
            "dropped": recorder.dropped,
        }

    @property
    def fault(self) -> str:
        """Why the last recording ended before it should have; empty if it did not."""
        recorder = self._recorder
        return recorder.fault if recorder is not None else ""

    def _end(self) -> None:
        if self._recorder is not None and self._recorder.is_running:
            self._recorder.finish()
