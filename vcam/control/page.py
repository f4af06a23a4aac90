"""The preview page's way in: a port of 127.0.0.1 behind a token that is new each time."""

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from vcam.control.gate import TokenGate
from vcam.control.server import Listener, listen_tcp
from vcam.control.tickets import Tickets


@dataclass(frozen=True)
class Page:
    """Where the page is, and what serves it."""

    listener: Listener
    address: str
    token: str
    tickets: Tickets

    @property
    def url(self) -> str:
        """Opens the page as long as it is served: for its user's eyes alone."""
        return f"{self.address}?token={self.token}"

    def ticket_route(self) -> Route:
        """POST /ticket: {"url": an address that opens the page once}. For the Unix socket alone."""

        async def ticket(request: Request) -> JSONResponse:  # async: in the thread where the gate takes them
            url = f"{self.address}?ticket={self.tickets.issue()}"
            return JSONResponse({"url": url}, headers={"Cache-Control": "no-store"})

        return Route("/ticket", ticket, methods=["POST"])


def open_page(app: ASGIApp, port: int = 0) -> Page:
    """Open a port of 127.0.0.1 for an application; 0 takes a free one. Raises ConfigError if it is taken."""
    token = secrets.token_urlsafe(24)
    tcp = listen_tcp(port)
    port = tcp.getsockname()[1]
    tickets = Tickets()
    gate = TokenGate(app, token, port, tickets)
    return Page((tcp, gate), f"http://127.0.0.1:{port}/", token, tickets)
