"""Limits for one connection and for all of them together, on top of uvicorn's protocol.

uvicorn waits for ever for a request's header, and for a client that does not read; it has no limit of
connections that is not also a line in the log for each one refused.
"""

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from vcam.memory import return_freed_memory

LOOK_S = 1.0
IDLE_S = 10.0  # without a whole header
WORK_S = 120.0  # a model that is loaded and timed; TensorRT builds its engine apart from that
UNREAD_S = 5.0  # an answer that the client does not take
RESET = struct.pack("ii", 1, 0)  # struct linger: on, for no time
MOST_UNREAD = 8  # such clients at once: the longest is dropped for one more


class LimitedProtocol(H11Protocol):
    """A connection that is dropped without a word when its time is up, or its place is needed.

    A new one takes the place of the oldest that has shown no key, else of the one that is idle longest: who
    only connects can keep nobody out.
    """

    most = 128  # connections to one socket
    backlog = 128  # that wait to be taken; as many are taken at once
    unread_s = UNREAD_S

    # uvicorn narrows it as well
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since_s = self._unread_s = self.loop.time()
        self._is_unread = False
        self._phase: tuple[Any, ...] = ()
        self._timer = self.loop.call_later(LOOK_S, self._look)
        others = [other for other in self._open_ones() if other is not self]
        if len(others) >= self.most:
            self._choose_victim(others)._drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        was_unread = self._is_unread
        super().connection_lost(exc)
        if was_unread:  # pictures that nobody took have just been let go
            return_freed_memory()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_unread, self._unread_s = True, self.loop.time()
        unread = [other for other in self._open_ones() if other._is_unread]
        if len(unread) > self._most_unread:
            min(unread, key=lambda other: other._unread_s)._drop()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_unread = False

    @property
    def _is_working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _most_unread(self) -> int:
        return MOST_UNREAD

    def _choose_victim(self, others: list["LimitedProtocol"]) -> "LimitedProtocol":
        """Which connection ends, where this one and all the others are too many."""
        return min(others, key=LimitedProtocol._worth)

    def _worth(self) -> tuple[bool, bool, float]:
        is_trusted = self.scope is not None and self.scope.get("state", {}).get("is_trusted", False)
        return is_trusted, self._is_working, self._since_s

    def _open_ones(self) -> list["LimitedProtocol"]:
        everyone = (other for other in self.connections if isinstance(other, LimitedProtocol))
        return [other for other in everyone if not other.transport.is_closing()]

    def _note_progress(self, unread: int) -> object:
        """What changes when an answer comes further; `unread` bytes of it wait for the client."""
        return unread > 0

    def _limit_s(self, has_unread: bool) -> float:
        """For how long the connection may stay where it is."""
        return self.unread_s if has_unread else WORK_S if self._is_working else IDLE_S

    def _drop(self) -> None:
        # by a reset: what was not read would stay in the kernel for minutes
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def _look(self) -> None:
        """Drop the connection if it has not come further for too long. Bytes of a header do not count."""
        unread = self.transport.get_write_buffer_size()
        phase = (self.cycle, self._is_working, self._note_progress(unread))
        if phase != self._phase:
            self._phase, self._since_s = phase, self.loop.time()
        if self.loop.time() - self._since_s >= self._limit_s(unread > 0):
            self._drop()
        else:
            self._timer = self.loop.call_later(LOOK_S, self._look)


class PageProtocol(LimitedProtocol):
    """A connection to the page's port, which every user of the machine can open."""

    most = 64


def configure(
    app: ASGIApp, protocol: type[LimitedProtocol], stop_s: int, certificate: Path | None = None
) -> uvicorn.Config:
    """A server for strangers: it logs nothing of what they send, tells nothing of itself, believes no proxy.

    stop_s       seconds that answers have left when it is to end
    certificate  with its key in one PEM file, for HTTPS
    """
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # its warnings are of what strangers send
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=protocol.backlog,
        ssl_certfile=certificate,
        timeout_graceful_shutdown=stop_s,
    )
