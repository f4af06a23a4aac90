"""The study's page: its files for everybody, all else for who has joined."""

import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vcam.control.body import read_body
from vcam.control.limits import LimitedProtocol
from vcam.errors import ConfigError, VcamError
from vcam.opinion.session import Join, Rating, RefusedError, Sessions, describe
from vcam.page.routes import NO_STORE, STATIC_HEADERS, STATIC_TYPES, static_files
from vcam.page.routes import STATIC as PANEL

STATIC = Path(__file__).with_name("static")
SHARED = ("/base.css", "/dom.js", "/icon.svg")  # files of the panel that the study's page uses, too
HEADERS = {
    **STATIC_HEADERS,
    "Content-Security-Policy": "default-src 'self'; media-src blob:; frame-ancestors 'none'",
}


class ClipProtocol(LimitedProtocol):
    """A connection that may take its time: clips of some megabytes go to people far away."""

    unread_s = 120.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises ConfigError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=ClipProtocol.backlog)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"cannot listen on {host} port {port}: {reason}; name another --listen or --port"
        ) from None


def make_app(sessions: Sessions) -> Starlette:
    """GET the page's files and /study; POST /join, /rating and /forget; GET /trial and /clip/NUMBER/PLACE.

    All but the files, /study and /join want `Authorization: Bearer SECRET`. Nothing that is sent before the
    vote tells which system is which: a clip's address is the trial's number and 1 or 2.
    """

    async def join(request: Request) -> Response:
        wish = Join.model_validate_json(await read_body(request))
        return await _answer(lambda: sessions.join(wish))

    async def rate(request: Request) -> Response:
        rating = Rating.model_validate_json(await read_body(request))
        return await _answer(lambda: sessions.rate(_secret(request), rating))

    async def forget(request: Request) -> Response:
        await run_in_threadpool(sessions.forget, _secret(request))
        return JSONResponse({}, headers=NO_STORE)

    async def trial(request: Request) -> Response:
        return await _answer(lambda: sessions.trial(_secret(request)))

    async def clip(request: Request) -> Response:
        asked = _secret(request), request.path_params["number"], request.path_params["place"]
        content = await run_in_threadpool(sessions.clip, *asked)
        return Response(content, media_type="application/octet-stream", headers=NO_STORE)

    async def study(request: Request) -> Response:
        return JSONResponse(describe(sessions.study), headers=NO_STORE)

    shared = {path: file for path, file in static_files(PANEL).items() if path in SHARED}
    files = {**shared, **static_files(STATIC)}
    return Starlette(
        routes=[
            *(Route(path, _static(file)) for path, file in files.items()),
            Route("/study", study),
            Route("/join", join, methods=["POST"]),
            Route("/trial", trial),
            Route("/clip/{number:int}/{place:int}", clip),
            Route("/rating", rate, methods=["POST"]),
            Route("/forget", forget, methods=["POST"]),
        ],
        exception_handlers={
            VcamError: _refuse,
            ValidationError: _refuse_malformed,
            HTTPException: _refuse_unknown,
        },
    )


async def _answer(work: Callable[[], Mapping[str, object]]) -> Response:
    return JSONResponse(dict(await run_in_threadpool(work)), headers=NO_STORE)


def _secret(request: Request) -> str:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret if kind.lower() == "bearer" else ""


def _static(file: Path) -> Callable[[Request], Awaitable[Response]]:
    content = file.read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=STATIC_TYPES[file.suffix], headers=HEADERS)

    return serve


def _refuse(request: Request, error: Exception) -> JSONResponse:
    status = error.status if isinstance(error, RefusedError) else 400
    words = str(error) if isinstance(error, RefusedError) else "the study's results cannot be written now"
    return JSONResponse({"error": words}, status, NO_STORE)


def _refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))[:80] or "its body"
    return JSONResponse({"error": f"the request is malformed at {where}: {first['msg']}"}, 422, NO_STORE)


def _refuse_unknown(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, error.status_code, NO_STORE)
