"""Two sockets, one application: uvicorn in one thread beside the pipeline."""

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import uvicorn
from starlette.types import ASGIApp

from vcam.errors import ConfigError, VcamError

log = logging.getLogger(__name__)

START_S = 5.0
STOP_S = 2
Listener: TypeAlias = tuple[socket.socket, ASGIApp]


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
    """Serves each listening socket its application while it is entered; closes the sockets after."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._servers = [_make_server(app) for _, app in listeners]
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def __enter__(self) -> Self:
        """Begin to serve; returns when all sockets answer. Raises VcamError if they do not."""
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not all(server.started for server in self._servers):
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise VcamError("the control server does not start; see: sharpkd logs")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join(2 * STOP_S)
        for listener, _ in self._listeners:
            listener.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._listeners, strict=True)
        await asyncio.gather(*(server.serve(sockets=[listener]) for server, (listener, _) in pairs))


def _make_server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_S,
        )
    )
