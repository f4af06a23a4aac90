"""The commands' side of the control API."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from vcam.errors import NotRunningError, VcamError

TIMEOUT_S = 2.0
LONG_TIMEOUT_S = 60.0  # a reload loads and times models
LONG_COMMANDS = frozenset(
    {"set", "reload", "save", "revert", "restart", "record", "preset", "rollback", "toggle"}
)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """Talks to the daemon that listens on a Unix socket.

    Every method raises NotRunningError if no daemon answers, and VcamError with the daemon's own words and
    exit code if it refuses.
    """

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def status(self) -> dict[str, Any]:
        """The daemon's Status as JSON has it."""
        return self._ask("GET", "/status", None, self._timeout_s)

    def command(self, **command: object) -> dict[str, Any]:
        """Send a Command, for example `command(set={"strength": "0.5"})`; returns the status after it."""
        is_long = not LONG_COMMANDS.isdisjoint(command)
        timeout_s = LONG_TIMEOUT_S if is_long else self._timeout_s
        return self._ask("POST", "/command", json.dumps(command), timeout_s)

    def facts(self, name: str) -> dict[str, Any]:
        """What GET answers at this name, for example "settings"."""
        return self._ask("GET", f"/{name}", None, LONG_TIMEOUT_S)

    def page_url(self) -> str:
        """An address that opens the preview page once, within a minute."""
        return str(self._ask("POST", "/ticket", None, self._timeout_s)["url"])

    def _ask(self, method: str, path: str, body: str | None, timeout_s: float) -> dict[str, Any]:
        connection = _UnixConnection(self._path, timeout_s)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (FileNotFoundError, ConnectionError, http.client.HTTPException):
            raise NotRunningError("not running; start it with: sharpkd start") from None
        except TimeoutError:
            raise NotRunningError(
                f"the daemon does not answer within {timeout_s:g} s; see: sharpkd logs"
            ) from None
        except (OSError, ValueError) as error:
            raise NotRunningError(f"cannot talk to {self._path}: {error}; see: sharpkd logs") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise _refusal(content)
        return content


def _refusal(content: dict[str, Any]) -> VcamError:
    error = VcamError(str(content.get("error", "the daemon refuses")))
    error.exit_code = int(content.get("exit_code", 1))
    return error
