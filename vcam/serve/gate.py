"""Who may ask: under a Host that is ours, from no other site, with the token where there is one."""

import ipaddress
import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_TO_ALL = frozenset(("/healthz", "/openapi.json"))  # the same for everybody, and about nobody
OWN_SITES = ("", "same-origin", "none")  # "": not a browser; "none": its user typed the address
FORBIDDEN, UNKNOWN = 403, 401
FOREIGN_HOST = "this server does not answer to that Host; name it when you start the server: --name HOST"
FOREIGN_SITE = "this server answers to no page of another site"
NO_TOKEN = "a token is needed: send it as `Authorization: Bearer TOKEN`; it is in the server's token file"


class ServeGate:
    """Lets a request through if it may be one.

    token  what `Authorization: Bearer` must carry; empty: nothing
    names  that this server has, beside localhost and every IP address

    A name that an attacker makes point here (DNS rebinding) is none of ours, and an address cannot be made to
    point anywhere. No answer allows another site to read it (CORS), and none that a browser sends for one is
    carried out.
    """

    def __init__(self, app: ASGIApp, token: str = "", names: Iterable[str] = ()) -> None:
        self._app = app
        self._token = token.encode()
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        refusal = self._refuse(scope, Headers(scope=scope))
        if refusal is None:
            scope.setdefault("state", {})["is_trusted"] = True  # see LimitedProtocol
        return await (refusal or self._app)(scope, receive, _unshared(send))

    def _refuse(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if not self._is_ours(host):
            return _answer(FORBIDDEN, FOREIGN_HOST)
        is_own = origin in ("", f"http://{host}", f"https://{host}")
        if not is_own or headers.get("sec-fetch-site", "") not in OWN_SITES:
            return _answer(FORBIDDEN, FOREIGN_SITE)
        if self._token and scope["path"] not in OPEN_TO_ALL and not self._has_token(headers):
            return _answer(UNKNOWN, NO_TOKEN, {"WWW-Authenticate": 'Bearer realm="sharpkd"'})
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header, NAME, ADDRESS or [ADDRESS], with or without :PORT, can be this server."""
        name, colon, port = host.rpartition(":")
        if not colon or not port.isdecimal():
            name = host
        if name.lower().rstrip(".") in self._names:
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True

    def _has_token(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        sent = token.strip().encode("latin-1", "replace")
        return kind.lower() == "bearer" and secrets.compare_digest(sent, self._token)


def _answer(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": message}, status, headers)


def _unshared(send: Send) -> Send:
    """Add headers that keep answers out of caches and other sites."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Cache-Control", "no-store")
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        await send(message)

    return send_guarded
