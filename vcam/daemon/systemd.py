"""Tells systemd that the daemon is ready, alive, reloading or stopping, and its state in words.

Sources: sd_notify(3), sd_watchdog_enabled(3). Without $NOTIFY_SOCKET nothing is sent.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

log = logging.getLogger(__name__)

LOOK_S = 0.5
SEND_S = 1.0  # how long a full socket may hold a thread
JOIN_S = 5.0  # a camera that hangs must not keep the daemon from ending


@dataclass(frozen=True)
class Supervisor:
    """The service manager that started the daemon and waits for its messages."""

    address: str = ""  # of a datagram socket; "@" begins an abstract one's; empty: nobody listens
    watchdog_s: float = 0.0  # a daemon that sends nothing for longer is ended; 0: never

    def tell(self, **fields: object) -> None:
        """Send one datagram, one assignment per line; a failure is ignored."""
        if not self.address:
            return
        message = "\n".join(f"{name}={value}" for name, value in fields.items())
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        # making the socket may fail, too: running out of files must not end the daemon
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(SEND_S)
            channel.sendto(message.encode(), address)


def find_supervisor(environ: Mapping[str, str], pid: int) -> Supervisor:
    """The supervisor that the environment of process `pid` names.

    A watchdog with another $WATCHDOG_PID was inherited: it watches a parent, not this process.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return Supervisor()
    limit_us = environ.get("WATCHDOG_USEC", "")
    is_ours = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
    return Supervisor(address, int(limit_us) / 1e6 if is_ours and limit_us.isdigit() else 0.0)


class Monitored(Protocol):
    """What a WatchdogNotifier checks."""

    def state(self) -> str: ...

    def output_ticks(self) -> int: ...


class WatchdogNotifier:
    """Tells a supervisor of a running camera, from a thread of its own while it is entered.

    READY=1 is sent when the output has sent its first frame, and WATCHDOG=1 while the output ticks, whatever
    else still works: a hung output makes the camera useless to every call. Waiting for a lost output is
    not a reason to start again. It has its own thread, so that nothing which blocks another one delays it.
    """

    def __init__(
        self, camera: Monitored, supervisor: Supervisor, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._camera = camera
        self._supervisor = supervisor
        self._clock = clock
        self._is_ready = False
        self._state = ""
        self._output_ticks = 0
        self._notified_ns = 0
        self._has_failed = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        if self._supervisor.address:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)
        self._supervisor.tell(STOPPING=1, STATUS="stopping")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Report the begin of a reload, and its end, whether or not it succeeded."""
        self._supervisor.tell(RELOADING=1, MONOTONIC_USEC=self._clock() // 1000)
        try:
            yield
        finally:
            if self._is_ready:
                self._supervisor.tell(READY=1)

    def look(self) -> None:
        """Report what has changed since the last call; notify the watchdog if the output has ticked."""
        output_ticks = self._camera.output_ticks()
        is_alive, self._output_ticks = output_ticks > self._output_ticks, output_ticks
        if is_alive and not self._is_ready:
            self._is_ready, self._notified_ns = True, self._clock()
            self._supervisor.tell(READY=1)
        self._tell_state()
        if is_alive and self._is_due():
            self._notified_ns = self._clock()
            self._supervisor.tell(WATCHDOG=1)

    def _tell_state(self) -> None:
        state = " ".join(self._camera.state().split())  # a line break would begin another assignment
        if state != self._state:
            self._state = state
            self._supervisor.tell(STATUS=state)

    def _is_due(self) -> bool:
        limit_s = self._supervisor.watchdog_s
        return limit_s > 0 and self._clock() - self._notified_ns >= limit_s * 1e9 / 2

    def _run(self) -> None:
        limit_s = self._supervisor.watchdog_s
        while not self._is_over.wait(min(LOOK_S, limit_s / 8) if limit_s else LOOK_S):
            try:
                self.look()
            except (
                Exception
            ):  # the thread's boundary: a bug in a message must not stop the watchdog's notifications
                if not self._has_failed:
                    log.exception("cannot report to the supervisor")
                self._has_failed = True
