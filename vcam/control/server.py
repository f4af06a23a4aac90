"""The control API's sockets, each served by uvicorn in a thread of its own beside the pipeline."""

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from vcam.control.limits import LimitedProtocol, configure
from vcam.errors import ConfigError, VcamError

log = logging.getLogger(__name__)

START_S = 5.0
STOP_S = 2
REST_S = 0.5  # before a server that ended is started again
TURN_S = 2.0
MOST_KINDS = 20  # of complaints


@dataclass(frozen=True)
class Listener:
    """A listening socket, what answers there, and with which limits."""

    socket: socket.socket
    app: ASGIApp
    protocol: type[LimitedProtocol] = LimitedProtocol


def listen_unix(path: Path) -> socket.socket:
    """A listening Unix socket, mode 0600; one that a killed daemon left behind is replaced.

    The caller holds the instance lock, so that nobody else listens there. Raises VcamError.
    """
    with suppress(FileNotFoundError):
        path.unlink()
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unix.bind(str(path))
        os.chmod(path, 0o600)
    except OSError as error:
        unix.close()
        raise VcamError(f"cannot listen on {path}: {error}. Set XDG_RUNTIME_DIR to a short path") from None
    return unix


def listen_tcp(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises ConfigError if it is taken."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tcp.bind(("127.0.0.1", port))
    except OSError as error:
        tcp.close()
        raise ConfigError(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}; set preview_port to 0 or a free port"
        ) from None
    return tcp


class ControlServer:
    """Serves each listening socket its application while it is entered; closes the sockets after.

    Each has its own thread and event loop: many clients of one do not block the other. A server that ends
    by itself is started again.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._services = [_Service(listener) for listener in listeners]

    def __enter__(self) -> Self:
        """Begin to serve; returns when all sockets answer. Raises VcamError if they do not."""
        for service in self._services:
            service.thread.start()
        deadline = time.monotonic() + START_S
        while not all(service.has_started for service in self._services):
            if time.monotonic() > deadline:
                raise VcamError("the control server does not start; see: sharpkd logs")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for service in self._services:
            service.end()
        for service in self._services:
            service.thread.join(2 * STOP_S)
            service.listener.socket.close()

    @property
    def silence_s(self) -> float:
        """Seconds since the slowest event loop last ran; each runs every two seconds."""
        return time.monotonic() - min(service.turned_s for service in self._services)


class _Service:
    """One socket's thread."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.turned_s = time.monotonic()
        self.thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._is_over = threading.Event()
        self._server: _Server | None = None

    @property
    def has_started(self) -> bool:
        return self._server is not None and self._server.started

    def end(self) -> None:
        self._is_over.set()
        if self._server is not None:
            self._server.ask_to_end()

    def _note_turn(self) -> None:
        self.turned_s = time.monotonic()

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                asyncio.run(self._serve())
            except BaseException:  # the thread's boundary: uvicorn leaves by SystemExit, too
                log.exception("the control server failed")
            if not self._is_over.is_set():
                log.error("the control server ended by itself: starting it again")
                self._is_over.wait(REST_S)

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_OnceEach())
        self._server = _Server(configure(self.listener.app, self.listener.protocol, STOP_S), self._note_turn)
        if self._is_over.is_set():
            self._server.ask_to_end()  # it was made while the end was asked for
        # a copy: uvicorn closes what it was given, and the next one needs it
        with self.listener.socket.dup() as copy:
            await self._server.serve(sockets=[copy])


class _Server(uvicorn.Server):
    """Wakes every two seconds, for the date of its answers, where uvicorn's own wakes ten times a second.

    turned  called at each turn
    """

    def __init__(self, config: uvicorn.Config, turned: Callable[[], None]) -> None:
        super().__init__(config)
        self._turned = turned
        self._is_asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # while it serves

    def ask_to_end(self) -> None:
        """Any thread may ask."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._is_asked.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):  # 0: each turn renews the date
            self._turned()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_asked.wait(), TURN_S)


class _OnceEach:
    """Logs each kind of complaint of an event loop once: clients must not be able to fill the log."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        kind = f"{type(error).__name__}: {str(context.get('message', ''))[:40]}"
        if kind not in self._kinds and len(self._kinds) < MOST_KINDS:
            self._kinds.add(kind)
            log.error("control: %s", context.get("message"), exc_info=error)
