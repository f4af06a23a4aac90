"""The preview page's way in: a port of 127.0.0.1, behind a key that is new each time."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from vcam.control.body import read_body
from vcam.control.gate import PageGate
from vcam.control.limits import PageProtocol
from vcam.control.server import Listener, listen_tcp
from vcam.control.sessions import Sessions
from vcam.control.tickets import Tickets
from vcam.preview import PANEL_PATHS

NO_STORE = {"Cache-Control": "no-store"}
USED = "this address opened the page once, or is too old; for a new one run: sharpkd open"


@dataclass(frozen=True)
class Page:
    """Where the page is, and what serves it."""

    listener: Listener
    address: str
    token: str
    issue: Callable[[], str]  # a new ticket; any thread may ask for one

    @property
    def url(self) -> str:
        """Opens the page as long as it is served: for its user's eyes alone."""
        return f"{self.address}#key={self.token}"

    def ticket_route(self) -> Route:
        """POST /ticket: {"url": an address that opens the page once}. For the Unix socket alone."""

        async def ticket(request: Request) -> JSONResponse:
            return JSONResponse({"url": f"{self.address}#key={self.issue()}"}, headers=NO_STORE)

        return Route("/ticket", ticket, methods=["POST"])


class Entry(BaseModel):
    """What a page that was just opened sends: the key of its address, a ticket or the token."""

    key: str = Field(max_length=100)


def open_page(make_app: Callable[[Sequence[Route]], ASGIApp], port: int = 0) -> Page:
    """Open a port of 127.0.0.1 for an application; 0 takes a free one. Raises ConfigError if it is taken.

    make_app  given the page's own route, POST /session: takes an Entry, answers {"session": secret}

    The key stands behind the `#` of the address, which no browser sends, and no server but ours ever sees.
    """
    token = secrets.token_urlsafe(24)
    tickets, sessions = Tickets(), Sessions()

    async def session(request: Request) -> JSONResponse:
        key = Entry.model_validate_json(await read_body(request)).key
        if not (tickets.take(key) or secrets.compare_digest(key.encode(errors="replace"), token.encode())):
            return JSONResponse({"error": USED, "exit_code": 1}, 403)
        return JSONResponse({"session": sessions.open()}, headers=NO_STORE)

    app = make_app([Route("/session", session, methods=["POST"])])
    tcp = listen_tcp(port)
    port = tcp.getsockname()[1]
    gate = PageGate(app, token, port, sessions, frozenset({*PANEL_PATHS, "/session"}))
    return Page(Listener(tcp, gate, PageProtocol), f"http://127.0.0.1:{port}/", token, tickets.issue)
