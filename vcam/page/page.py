"""The page's port on 127.0.0.1, and what opens it: a new key at each start, and those of starts before."""

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from vcam.control.body import read_body
from vcam.control.limits import PageProtocol
from vcam.control.server import Listener, listen_tcp
from vcam.errors import ConfigError
from vcam.page.gate import PageGate
from vcam.page.memory import PageMemory
from vcam.page.routes import Shown, page_routes, static_files
from vcam.page.sessions import Sessions
from vcam.page.tickets import Tickets

log = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}
USED = "this address opened the page once, or is too old; for a new one run: sharpkd open"


@dataclass(frozen=True)
class Page:
    """Where the page is, and what serves it."""

    listener: Listener
    address: str
    token: str
    issue: Callable[[], str]  # a new ticket; any thread may ask for one
    pictures: Sequence[Route] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Opens the page as long as it is served: for its user's eyes alone."""
        return f"{self.address}#key={self.token}"

    def local_routes(self) -> list[Route]:
        """For the Unix socket alone, which only its user can open: the page's pictures, and tickets.

        POST /ticket answers {"url": an address that opens the page once}.
        """

        async def ticket(request: Request) -> JSONResponse:
            return JSONResponse({"url": f"{self.address}#key={self.issue()}"}, headers=NO_STORE)

        return [*self.pictures, Route("/ticket", ticket, methods=["POST"])]


class SessionRequest(BaseModel):
    """What a page that was just opened sends: the key of its address, a ticket or the token."""

    key: str = Field(max_length=100)


def open_page(
    shown: Shown,
    make_app: Callable[[Sequence[Route]], ASGIApp],
    port: int = 0,
    memory: PageMemory | None = None,
) -> Page:
    """Open a port of 127.0.0.1 for the page. Raises ConfigError if it is taken.

    shown     whose pictures the page shows
    make_app  makes the application of the control API with the page's routes in it
    port      0 takes the one of the last start that took any, else any free one
    memory    of the starts before: pages that were open then stay open

    One of these routes is POST /session: it takes a SessionRequest and answers {"session": secret}. The key
    stands behind the `#` of the address, which browsers do not send.
    """
    memory = memory or PageMemory()
    tcp, is_set = _listen(port, memory), port != 0
    port = tcp.getsockname()[1]
    keys = Sessions(memory.kept.keys, lambda ends: memory.keep(keys=ends))
    sessions = Sessions(memory.kept.sessions, lambda ends: memory.keep(sessions=ends))
    tickets, token = Tickets(), keys.open()
    memory.keep(port=port, is_set=is_set)

    async def session(request: Request) -> JSONResponse:
        key = SessionRequest.model_validate_json(await read_body(request)).key
        if not (tickets.take(key) or keys.is_open(key)):
            return JSONResponse({"error": USED, "exit_code": 1}, 403)
        return JSONResponse({"session": sessions.open()}, headers=NO_STORE)

    pictures = page_routes(shown)
    app = make_app([Route("/session", session, methods=["POST"]), *pictures])
    public = frozenset({*static_files(), "/session"})
    gate = PageGate(app, port, lambda key: sessions.is_open(key) or keys.is_open(key), public)
    return Page(
        Listener(tcp, gate, PageProtocol), f"http://127.0.0.1:{port}/", token, tickets.issue, pictures
    )


def _listen(port: int, memory: PageMemory) -> socket.socket:
    """A port, if possible the one of before, at which open pages still look for their camera."""
    if port == 0 and memory.kept.port and not memory.kept.is_set:
        try:
            return listen_tcp(memory.kept.port)
        except ConfigError:
            log.warning("port %d of the page is taken: pages have to be opened again", memory.kept.port)
            memory.forget_secrets()
    elif memory.kept.port not in (0, port):
        memory.forget_secrets()  # pages go on asking at the old port, whoever has it now
    return listen_tcp(port)
