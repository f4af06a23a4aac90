"""A camera as far as clients can see: a lock that is held, and a socket that answers as a test says."""

import json
import socketserver
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from vcam.instance import Instance
from vcam.paths import Paths, make_private

RUNNING: dict[str, Any] = {
    "state": "running",
    "source": "USB Camera",
    "strength": 0.5,
    "crispness": 0.0,
    "denoise": None,
    "link": None,
    "link_profiles": ["360p", "270p"],
    "warnings": [],
}

PAGE = "http://127.0.0.1:9/#key=once"


class FakeCamera:
    """Answers every request with `status`, and keeps the commands; with `refusal`, that is the answer."""

    def __init__(self, paths: Paths, status: Mapping[str, Any]) -> None:
        self.status: Any = dict(status)
        self.commands: list[Any] = []
        self.refusal = ""
        self._paths = paths
        self._lock = Instance(*paths.locks)

    def __enter__(self) -> Self:
        make_private(self._paths.runtime)
        self._lock.__enter__()
        self._server = _Server(str(self._paths.socket), _Answers)
        self._server.camera = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._paths.socket.unlink()
        self._lock.__exit__(None, None, None)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    camera: FakeCamera


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(200, self.server.camera.status)

    def do_POST(self) -> None:
        camera = self.server.camera
        if self.path == "/ticket":
            return self._answer(200, {"url": PAGE})
        command = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        camera.commands.append(command)
        if camera.refusal:
            return self._answer(400, {"error": camera.refusal, "exit_code": 2})
        camera.status.update(command.get("set", {}))
        return self._answer(200, camera.status)

    def _answer(self, code: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # not into the test's output
        pass

    def address_string(self) -> str:
        return "socket"
