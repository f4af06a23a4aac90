"""Reading from a driver that may hang: the read waits on a thread of its own, the caller only for so long."""

import queue
import threading
from typing import Any, Protocol

from vcam.conversion.opencv import Bgr
from vcam.sources.pace import Clock


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool: ...  # noqa: N802 (OpenCV's name)

    def set(self, propId: int, value: float) -> bool: ...  # noqa: N803 (OpenCV's name)

    def get(self, propId: int) -> float: ...  # noqa: N803 (OpenCV's name)

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def release(self) -> None: ...


class Grabber:
    """Owns an opened Capture: only its thread touches it from here on, and releases it at the end.

    A thread, because OpenCV waits up to 10 s in a select() of its own and cannot be interrupted. One that
    hangs is left behind; it releases the capture when, or if, the driver lets it go.
    """

    def __init__(self, capture: Capture, clock: Clock) -> None:
        self._capture = capture
        self._clock = clock
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()  # False ends the thread
        self._answers: queue.SimpleQueue[tuple[Bgr, int] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="grabber", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> tuple[Bgr, int] | None:
        """The next picture (H, W, 3) and the clock when it came in; None if the capture gives none.

        Raises TimeoutError if nothing came within `timeout_s`; close the grabber then.
        """
        self._asked.put(True)
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None

    def close(self, timeout_s: float) -> bool:
        """Release the capture; False if its thread still hangs after `timeout_s` and was left behind."""
        self._asked.put(False)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._asked.get():
                self._answers.put(self._read())
        finally:
            self._capture.release()

    def _read(self) -> tuple[Bgr, int] | None:
        if not self._capture.grab():
            return None
        captured_ns = self._clock()  # before the decoding, which takes 8 ms for a 1080p JPEG
        is_good, picture = self._capture.retrieve()
        return (picture, captured_ns) if is_good and picture is not None else None
