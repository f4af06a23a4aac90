"""What answers over HTTPS: the page for a phone, and WHIP (RFC 9725) for whoever sends a picture.

| request             | answer                                                                             |
| ------------------- | ---------------------------------------------------------------------------------- |
| GET /               | the page; its files beside it                                                      |
| POST /NAME          | 201 and the answer to the offer in the body; Location is the session               |
| OPTIONS /NAME       | 204, with what is taken                                                            |
| DELETE /NAME/ID     | 200: the session has ended                                                         |
| anything else       | 400, 401, 404, 405, 409, 413 or 415 with a sentence                                |

There is neither trickle ICE nor an ICE restart: PATCH is answered with 405. No other site's page may send:
there are no headers for CORS.
"""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vcam.control.body import read_body
from vcam.errors import ConfigError
from vcam.receiver.frame_output import FrameOutput
from vcam.receiver.session import OfferError, Session

SDP = "application/sdp"
STATIC = Path(__file__).with_name("static")
STATIC_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
STATIC_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Permissions-Policy": "camera=(self), screen-wake-lock=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NO_STORE = {"Cache-Control": "no-store"}


class Whip:
    """The one place for a sender, and who has it.

    token    what a sender shows as `Authorization: Bearer`
    output   gets its pictures
    on_sender  called with the address of who sends now; "" for nobody
    """

    def __init__(
        self,
        name: str,
        token: str,
        output: FrameOutput,
        on_sender: Callable[[str], None] = lambda address: None,
    ) -> None:
        self._name = name
        self._token = token
        self._output = output
        self._on_sender = on_sender
        self._session: Session | None = None
        self._entering = asyncio.Lock()

    def app(self) -> Starlette:
        files = [path for path in sorted(STATIC.iterdir()) if path.suffix in STATIC_TYPES]
        endpoint = f"/{self._name}"
        return Starlette(
            routes=[
                Route(endpoint, self._endpoint, methods=["POST", "OPTIONS"]),
                Route(endpoint + "/{id}", self._one_session, methods=["DELETE", "OPTIONS"]),
                *(
                    Route("/" if path.name == "index.html" else f"/{path.name}", _file(path))
                    for path in files
                ),
            ],
            exception_handlers={HTTPException: _answer_error},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _endpoint(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": "POST, OPTIONS", "Accept-Post": SDP})
        return await self._post(request)

    async def _one_session(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": "DELETE, OPTIONS"})
        return await self._delete(request)

    async def _post(self, request: Request) -> Response:
        self._check_token(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != SDP:
            raise HTTPException(415, f"the offer has another type than expected; send it as {SDP}")
        try:
            offer = (await read_body(request)).decode()
        except (ConfigError, UnicodeDecodeError):
            raise HTTPException(413, "the offer is too long, or no text, or comes too slowly") from None
        async with self._entering:  # one after the other: who comes second must see the first
            await self._make_room()
            session = Session(self._output, self._note_end, request.client.host if request.client else "")
            self._session = session
        try:
            answer = await session.answer(offer)
        except OfferError as error:
            await session.close()
            raise HTTPException(400, str(error)) from None
        self._on_sender(session.sender)
        headers = NO_STORE | {"Location": f"/{self._name}/{session.id}"}
        return Response(answer, 201, headers, SDP)

    async def _delete(self, request: Request) -> Response:
        self._check_token(request)
        session = self._session
        if session is None or session.id != request.path_params["id"]:
            raise HTTPException(404, "there is no such session; it has ended already")
        await session.close()
        return PlainTextResponse("ended", headers=NO_STORE)

    async def _make_room(self) -> None:
        """End a sender that has gone without a word. Raises HTTPException if one is there."""
        session = self._session
        if session is None:
            return
        if not session.is_silent:
            raise HTTPException(409, "another phone is sending already; stop it there first")
        await session.close()

    def _check_token(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secrets.compare_digest(
            token.strip().encode(), self._token.encode()
        ):
            raise HTTPException(
                401,
                "this code is not valid, or not any more; scan the one that the computer shows now",
                {"WWW-Authenticate": "Bearer"},
            )

    def _note_end(self, session: Session) -> None:
        if session is self._session:
            self._session = None
            self._on_sender("")


def _file(path: Path) -> Callable[[Request], object]:
    content = path.read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=STATIC_TYPES[path.suffix], headers=STATIC_HEADERS)

    return serve


def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    text = error.detail
    if error.status_code == 404 and text == "Not Found":
        text = "there is nothing at this address; scan the code on the computer again"
    elif error.status_code == 405:
        text = f"this address does not take {request.method}; expected one of: {headers.get('Allow', '')}"
    return PlainTextResponse(text, error.status_code, NO_STORE | headers)
