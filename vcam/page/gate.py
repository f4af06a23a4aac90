"""Lets in over TCP only our own page with a session, and requests with the token."""

from collections.abc import Callable, Iterable

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
FOREIGN = "this address answers only to its own page on 127.0.0.1"
UNKNOWN = "no session; open the page with: sharpkd open"
WORDS = {
    FOREIGN: "It answers only at 127.0.0.1, and to no other site.",
    UNKNOWN: "This address has no key, or one that has expired.",
}
REFUSAL = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>SharpKD Camera: this address does not open</title>
<style>body {{ font: 1.1rem/1.5 system-ui; max-width: 34rem; margin: 15vh auto; padding: 0 1rem }}</style>
<main>
<h1>This address does not open</h1>
<p>SharpKD Camera is running. {words}</p>
<p>The panel shows your camera, so it opens only with a key. For a new one, choose <em>Open the panel</em> in
the tray, or run this command in a terminal:</p>
<pre>sharpkd open</pre>
</main>
</html>
"""
REFUSAL_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
OWN_SITES = ("", "same-origin", "none")  # "": not a browser; "none": its user typed the address


class PageGate:
    """Lets a request through if what is in `Authorization: Bearer` opens the page.

    opens   tells whether that is a session's secret, or a key
    public  paths that need neither: the page's files, which are the same for everybody, and its way in

    There is no cookie: what a browser adds by itself opens nothing, so no other page can use it, and no
    server on another port of 127.0.0.1 is sent it. Answered with 403 are a Host that is not this machine's
    loopback (DNS rebinding), an Origin that is not this very page, and a request that another site has
    caused (Sec-Fetch-Site), unless it only opens the page.
    """

    def __init__(
        self, app: ASGIApp, port: int, opens: Callable[[str], bool], public: frozenset[str] = frozenset()
    ) -> None:
        self._app = app
        self._opens = opens
        self._public = public
        self._hosts = {f"{host}:{port}" for host in HOSTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _Headers(scope["headers"])
        answer: ASGIApp = self._app
        if not self._is_own_page(scope, headers):
            answer = _refusal(FOREIGN, headers)
        elif self._has_key(headers):
            scope.setdefault("state", {})["is_trusted"] = True  # see LimitedProtocol
        elif scope["path"] not in self._public:
            answer = _refusal(UNKNOWN, headers)
        await answer(scope, receive, _for_own_page_only(send))

    def _is_own_page(self, scope: Scope, headers: "_Headers") -> bool:
        host, origin = headers.get("host"), headers.get("origin")
        if host not in self._hosts or origin not in ("", f"http://{host}"):
            return False
        opens_page = (
            (scope["method"], scope["path"]) == ("GET", "/")
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )
        return headers.get("sec-fetch-site") in OWN_SITES or opens_page

    def _has_key(self, headers: "_Headers") -> bool:
        kind, _, key = headers.get("authorization").partition(" ")
        return kind.lower() == "bearer" and bool(key) and self._opens(key)


def _refusal(reason: str, headers: "_Headers") -> Response:
    """Words for a person who has opened an address in a browser; JSON for programs and the page itself."""
    if headers.get("sec-fetch-mode") == "navigate" or "text/html" in headers.get("accept"):
        return HTMLResponse(REFUSAL.format(words=WORDS[reason]), 403, REFUSAL_HEADERS)
    return JSONResponse({"error": reason, "exit_code": 1}, 403)


def _for_own_page_only(send: Send) -> Send:
    """Add headers that forbid other sites to show the answer."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["X-Content-Type-Options"] = "nosniff"
        await send(message)

    return send_guarded


class _Headers:
    """A request's headers by lower-case name; one that is missing is empty."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}

    def get(self, name: str) -> str:
        return self._values.get(name, "")
