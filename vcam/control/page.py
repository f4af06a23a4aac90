"""The preview page's way in: a port of 127.0.0.1 behind a token that is new each time."""

import secrets
from dataclasses import dataclass

from starlette.types import ASGIApp

from vcam.control.gate import TokenGate
from vcam.control.server import Listener, listen_tcp


@dataclass(frozen=True)
class Page:
    """Where the page is, and what serves it."""

    listener: Listener
    url: str  # carries the token
    token: str


def open_page(app: ASGIApp, port: int = 0) -> Page:
    """Open a port of 127.0.0.1 for an application; 0 takes a free one. Raises ConfigError if it is taken."""
    token = secrets.token_urlsafe(24)
    tcp = listen_tcp(port)
    port = tcp.getsockname()[1]
    gate = TokenGate(app, token, port)
    return Page((tcp, gate), f"http://127.0.0.1:{port}/?token={token}", token)
