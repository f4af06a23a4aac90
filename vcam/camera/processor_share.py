"""What this process takes of the processor, as cores, over the last seconds."""

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_S = 5.0
LEAST_S = 0.5  # less says nothing


class ProcessorShare:
    """Processor time of all threads over wall time. Any thread may call any method.

    now_s, used_s  clocks of wall time and of processor time, in seconds
    """

    def __init__(
        self, now_s: Callable[[], float] = time.monotonic, used_s: Callable[[], float] = time.process_time
    ) -> None:
        self._now_s, self._used_s = now_s, used_s
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, float]] = deque([(now_s(), used_s())])

    def note(self) -> None:
        """Take a sample; called several times a second."""
        with self._lock:
            now_s = self._now_s()
            self._seen.append((now_s, self._used_s()))
            while len(self._seen) > 2 and self._seen[1][0] <= now_s - WINDOW_S:
                self._seen.popleft()

    @property
    def cores(self) -> float | None:
        """Of the last WINDOW_S, or of what there is; None while that is too little."""
        with self._lock:
            since_s, used_s = self._seen[0]
        passed_s = self._now_s() - since_s
        return (self._used_s() - used_s) / passed_s if passed_s >= LEAST_S else None
