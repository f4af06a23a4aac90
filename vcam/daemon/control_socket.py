"""The socket that commands use; it is made again when somebody deletes it."""

import logging
import os
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from vcam.control.server import ControlServer, Listener, listen_unix
from vcam.errors import AlreadyRunningError, VcamError
from vcam.instance import Instance
from vcam.paths import Paths, make_private

log = logging.getLogger(__name__)


class ControlSocket:
    """Serves an application on the Unix socket while it is entered.

    instance  the lock, which is held: whoever holds it owns everything in the runtime folder

    The runtime folder may be deleted at any time: by logind when its user logs out, or by a program that
    removes old files. `look` then makes the folder, the lock and the socket again as soon as it can.
    """

    def __init__(self, app: ASGIApp, paths: Paths, instance: Instance) -> None:
        self._app = app
        self._paths = paths
        self._instance = instance
        self._served = ExitStack()
        self._server: ControlServer | None = None
        self._socket: os.stat_result | None = None
        self._failure = ""

    def __enter__(self) -> Self:
        """Begin to serve. Raises VcamError if the socket cannot be made."""
        try:
            self._open()
        except VcamError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def silence_s(self) -> float:
        """Seconds since its server's event loop last ran."""
        server = self._server
        return server.silence_s if server is not None else 0.0

    def look(self) -> None:
        """Make again what was deleted. Raises AlreadyRunningError if another daemon has taken the place."""
        if self._is_whole():
            return
        try:
            make_private(self._paths.runtime)
            self._instance.renew()
            self._close()
            self._open()
        except AlreadyRunningError as error:
            raise AlreadyRunningError(
                f"{self._paths.runtime} was deleted, and another camera started: {error}"
            ) from None
        except VcamError as error:
            self._note(f"cannot be reached since {self._paths.runtime} was deleted: {error}")
        else:
            self._failure = ""
            log.warning("files in %s were deleted: made again", self._paths.runtime)

    def _note(self, failure: str) -> None:
        if failure != self._failure:
            log.error("%s", failure)
        self._failure = failure

    def _is_whole(self) -> bool:
        try:
            is_ours = self._socket is not None and os.path.samestat(self._socket, self._paths.socket.lstat())
        except OSError:
            return False
        return is_ours and self._instance.is_whole()

    def _open(self) -> None:
        unix = listen_unix(self._paths.socket)
        self._served.callback(unix.close)
        self._socket = self._paths.socket.lstat()
        self._server = self._served.enter_context(ControlServer([Listener(unix, self._app)]))

    def _close(self) -> None:
        self._server = None
        self._served.close()
        if self._instance.is_in_place():  # else they are another daemon's
            self._paths.socket.unlink(missing_ok=True)
            self._paths.page.unlink(missing_ok=True)  # `sharpkd open` makes it
