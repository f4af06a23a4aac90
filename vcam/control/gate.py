"""Who may come in over TCP: the holder of the token or of a ticket, from a page of our own."""

import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcam.control.tickets import Tickets

HOSTS = ("127.0.0.1", "localhost")
UNKNOWN = "wrong or missing token; `sharpkd status` prints the address with the token"
USED = "this address opened the page once, or is too old; for a new one run: sharpkd open"


class TokenGate:
    """Lets a request through if it carries the token, in `?token=` or in the cookie that this sets.

    One with a ticket in `?ticket=` is given the cookie and sent on to the page; a second one is refused.
    A wrong or missing token, a Host that is not this machine's loopback (DNS rebinding) and an Origin that
    is not this very page (another local server's page: cookies know no ports) are answered with 403.
    """

    def __init__(self, app: ASGIApp, token: str, port: int, tickets: Tickets) -> None:
        self._app = app
        self._token = token
        self._tickets = tickets
        self._hosts = {f"{host}:{port}" for host in HOSTS}
        self._cookie = f"sharpkd-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _Headers(scope["headers"])
        query = parse_qs(scope["query_string"].decode("latin-1"))
        token, ticket = (query.get(name, [""])[-1] for name in ("token", "ticket"))
        if not self._is_own_page(headers):
            await _refuse("this address answers only to its own page on 127.0.0.1")(scope, receive, send)
        elif self._tickets.take(ticket):
            to_page = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
            await to_page(scope, receive, self._adding_cookie(send))
        elif self._is_token(token) or self._is_token(headers.cookie(self._cookie)):
            await self._app(scope, receive, self._adding_cookie(send) if token else send)
        else:
            await _refuse(USED if ticket else UNKNOWN)(scope, receive, send)

    def _is_own_page(self, headers: "_Headers") -> bool:
        host, origin = headers.get("host"), headers.get("origin")
        return host in self._hosts and origin in ("", f"http://{host}")

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())

    def _adding_cookie(self, send: Send) -> Send:
        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        return send_with_cookie


def _refuse(reason: str) -> JSONResponse:
    return JSONResponse({"error": reason, "exit_code": 1}, 403)


class _Headers:
    """A request's headers by lower-case name; one that is missing is empty."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}

    def get(self, name: str) -> str:
        return self._values.get(name, "")

    def cookie(self, name: str) -> str:
        try:
            morsel = SimpleCookie(self.get("cookie")).get(name)
        except CookieError:
            return ""
        return morsel.value if morsel else ""
