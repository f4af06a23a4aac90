"""A real HTTP server on this machine whose vices a test chooses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from children import join


@dataclass
class FileServer:
    """Serves `content` at /file; anything else is 404.

    cuts     after how many bytes of the body the first, second, ... answer breaks off; then none does
    ranges   the Range headers that came, "" for none
    """

    content: bytes
    knows_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    content_type: str = "application/zip"
    url: str = ""


@contextmanager
def serve(server: FileServer) -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, server)

        def log_message(self, form: str, *args: object) -> None:
            """Not to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_port}/file"
        try:
            yield server
        finally:
            listening.shutdown()
            join([thread])


def _answer(request: BaseHTTPRequestHandler, server: FileServer) -> None:
    if request.path != "/file":
        request.send_error(404)
        return
    asked = request.headers.get("Range", "")
    server.ranges.append(asked)
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.knows_ranges else 0
    body = server.content[start:]
    request.send_response(206 if start else 200)
    request.send_header("Content-Type", server.content_type)
    request.send_header("Content-Length", str(len(body)))
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
    request.end_headers()
    request.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)
