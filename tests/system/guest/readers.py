"""Programs that watch the virtual camera, and what they see."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from guest.pixels import FRAME_BYTES, SIZE, TOLERANCE, bars_of, deviation

WIDTH, HEIGHT = SIZE
# another program's eyes: OpenCV's own conversion to BGR and back
OPENCV = f"""
import sys, cv2
capture = cv2.VideoCapture(sys.argv[1], cv2.CAP_V4L2)
assert capture.isOpened()
while True:
    good, picture = capture.read()
    if not good: break
    assert picture.shape == ({HEIGHT}, {WIDTH}, 3), picture.shape
    sys.stdout.buffer.write(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes())
    sys.stdout.buffer.flush()
"""
PROGRAMS = {
    "v4l2-ctl": ("v4l2-ctl", "-d", "{node}", "--stream-mmap=4", "--stream-to=-"),
    "ffmpeg": (
        *("ffmpeg", "-hide_banner", "-loglevel", "error", "-f", "v4l2", "-i", "{node}"),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"),
    ),
    "opencv": (sys.executable, "-c", OPENCV, "{node}"),
}


@dataclass(frozen=True)
class Sight:
    """A frame that showed what it should."""

    seconds: float  # since the reader's start
    off: int  # the largest deviation in code values

    def __str__(self) -> str:
        return f"after {self.seconds:.2f} s, off by {self.off}"


class Reader:
    """A running program that watches, and the frames that it sees."""

    def __init__(self, name: str, node: Path) -> None:
        command = [part.format(node=node) if part == "{node}" else part for part in PROGRAMS[name]]
        self.name = name
        self.started_s = time.monotonic()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._frames: SimpleQueue[bytes] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self, limit_s: float = 30.0) -> bytes:
        """The next frame. Raises AssertionError if none comes."""
        frame = self._wait(limit_s)
        assert frame is not None, f"{self.name} saw no frame in {limit_s:g} s. {self._complaint()}"
        return frame

    def until_shows(
        self, pattern: int, brighter: int, limit_s: float = 90.0, tolerance: int = TOLERANCE
    ) -> Sight:
        """Wait until a frame shows the pattern. Raises AssertionError."""
        deadline_s = time.monotonic() + limit_s
        count, best, bars = 0, 256, None
        while (left_s := deadline_s - time.monotonic()) > 0 and (frame := self._wait(left_s)):
            off, count = deviation(frame, pattern, brighter), count + 1
            if off <= tolerance:
                return Sight(time.monotonic() - self.started_s, off)
            if off < best:
                best, bars = off, bars_of(frame)
        raise AssertionError(
            f"{self.name} saw {count} frames in {limit_s:g} s, the nearest off by {best}: {bars}."
            f" {self._complaint()}"
        )

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _wait(self, limit_s: float) -> bytes | None:
        try:
            return self._frames.get(timeout=limit_s)
        except Empty:
            return None

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            frame = stream.read(FRAME_BYTES)
            if len(frame) < FRAME_BYTES:
                return
            while self._frames.qsize() > 4:  # the newest matter
                self._frames.get()
            self._frames.put(frame)

    def _complaint(self) -> str:
        if self._process.poll() is None:
            return "It still runs"
        assert self._process.stderr is not None
        error = self._process.stderr.read().decode(errors="replace")[-300:]
        return f"It ended with {self._process.returncode}: {error}"


@contextmanager
def watching(name: str, node: Path) -> Iterator[Reader]:
    reader = Reader(name, node)
    try:
        yield reader
    finally:
        reader.close()
