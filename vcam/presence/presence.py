"""The thread that keeps the level."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from vcam.presence.evidence import Evidence
from vcam.presence.kernel import WatchingKernel, WatchingLinux
from vcam.presence.probe import POLLIN, Probe

log = logging.getLogger(__name__)

LEAST_S = 0.1  # between two looks: two programs that look again at each event would wake each other for ever
VIEWER_S = 3.0  # how long one look at our own page counts as watching
JOIN_S = 5.0
SETTLE_S = 0.5

Clock: TypeAlias = Callable[[], int]  # monotonic nanoseconds


class Presence:
    """Tells when somebody begins to watch, and when nobody does any more.

    probe  None: somebody is always present, and no thread runs

    `on_change` is called with the new level, from `start` and then from the thread; it must not block.
    """

    def __init__(
        self,
        probe: Probe | None = None,
        *,
        kernel: WatchingKernel | None = None,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self._probe = probe
        self._kernel = kernel or WatchingLinux()
        self._clock = clock
        self._evidence = Evidence()
        self._on_change: Callable[[bool], None] = lambda is_present: None
        self._is_told = True  # what was said last; a listener begins with "present"
        self._viewed_ns: int | None = None
        self._bell: int | None = None
        self._bell_rope = threading.Lock()  # a page may look while we stop
        self._pause_s = 0.0
        self._looks = 0
        self._looked = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    @property
    def is_present(self) -> bool:
        return self._evidence.is_present

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Look once, tell the level if nobody is there, and go on in a thread."""
        self.begin(on_change)
        if self._probe is not None:
            self._thread.start()

    def begin(self, on_change: Callable[[bool], None]) -> None:
        """The first look alone."""
        self._on_change = on_change
        if self._probe is not None:
            self._bell = self._kernel.make_bell()
            reading = self._probe.read(self._clock())
            self._evidence.begin(reading.is_watched)
            self._pause_s = reading.again_s
            self._tell()

    def turn(self) -> None:
        """Wait until it is time to look, then look: what the thread does again and again."""
        assert self._probe is not None
        assert self._bell is not None
        rung = {self._bell: POLLIN}
        least_s = min(LEAST_S, self._pause_s)
        self._kernel.poll(rung, least_s)
        self._kernel.poll({**self._probe.waits, **rung}, self._pause_s - least_s)
        self._kernel.drain(self._bell)
        if not self._stopping.is_set():
            self._pause_s = self._look(self._probe)
        with self._looked:
            self._looks += 1
            self._looked.notify_all()

    def note_viewer(self) -> None:
        """Somebody looks at the picture by another way than the node; any thread, as often as they look."""
        self._viewed_ns = self._clock()
        if not self.is_present:
            self._ring()

    def look_again(self) -> None:
        """Look at once: the output has moved, or the machine has slept. Any thread."""
        self._ring()

    def settle(self, timeout_s: float = SETTLE_S) -> None:
        """Wait until a look that began after this call has ended: what was to be let go is let go then."""
        if not self._thread.is_alive():
            return
        with self._looked:
            for _ in range(2):  # the first may have begun before
                looks = self._looks
                self._ring()
                # a default gives a lambda no type
                self._looked.wait_for(lambda looks=looks: self._looks > looks, timeout_s)  # type: ignore[misc]

    def stop(self) -> None:
        """End the thread and let go of the node; a thread that hangs in it keeps what it reads."""
        self._stopping.set()
        self._ring()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)
        if self._thread.is_alive():
            log.warning("the presence thread hangs and is left alone after %.0f s", JOIN_S)
            return
        if self._probe is not None:
            self._probe.close()
        with self._bell_rope:
            bell, self._bell = self._bell, None
            if bell is not None:
                self._kernel.close(bell)

    def _ring(self) -> None:
        with self._bell_rope:
            if self._bell is not None:
                self._kernel.ring(self._bell)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self.turn()
        except Exception:  # the thread's boundary: a bug here must not leave the camera dark
            log.exception("cannot tell any more who watches: the webcam stays open")
            self._evidence.begin(None)
            self._tell()

    def _look(self, probe: Probe) -> float:
        """Read, tell what has changed, and say in how many seconds to look again."""
        now_ns = self._clock()
        reading = probe.read(now_ns)
        unseen_s = None if self._viewed_ns is None else (now_ns - self._viewed_ns) / 1e9
        is_viewed = unseen_s is not None and 0 <= unseen_s < VIEWER_S
        self._evidence.note(True if is_viewed else reading.is_watched, now_ns)
        self._tell()
        pauses = [reading.again_s, self._evidence.again_s(now_ns)]
        if is_viewed and unseen_s is not None:
            pauses.append(VIEWER_S - unseen_s)
        return min(pause_s for pause_s in pauses if pause_s is not None)

    def _tell(self) -> None:
        if self.is_present != self._is_told:
            self._is_told = self.is_present
            log.info("somebody watches" if self._is_told else "nobody watches")
            self._on_change(self._is_told)
