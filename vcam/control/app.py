"""The application behind both sockets."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vcam.control.body import read_body
from vcam.control.status import Command, Facts, Status
from vcam.errors import VcamError
from vcam.public import public_text, without_folders
from vcam.request_pool import BusyError, RequestPool

LONGEST_PLACE = 80  # of what is malformed, in a message
NO_STORE = {"Cache-Control": "no-store"}
FOR_ITS_USER = frozenset({"preview_url", "file"})  # the address that opens the page, and a path


class Controlled(Protocol):
    """What the API controls; called from several threads."""

    def status(self) -> Status: ...

    def do(self, command: Command) -> None:
        """Carry out a command. Raises VcamError if it cannot be done; then nothing has changed."""

    def facts(self) -> Facts:
        """What else can be read, by the names of the routes; finding it out may take its time."""


class RequestPools:
    """Threads for each kind of request: loading a model delays neither a pause nor the status."""

    def __init__(self) -> None:
        self.status = RequestPool("requests for the status", 2, 64)
        self.pause = RequestPool("pauses", 2, 64)
        self.output = RequestPool("changes of the output", 1, 8)  # an output may hang
        self.settings = RequestPool("changes of settings", 1, 8)  # they wait for each other anyway

    def of(self, command: Command) -> RequestPool:
        """Where a command runs: with what takes longest in it."""
        if command.changes_settings or command.restart is not None:
            return self.settings
        opens = command.release or command.resume or command.toggle == "pause" or command.record is not None
        return self.output if opens else self.pause


def make_app(
    controlled: Controlled,
    routes: Sequence[Route] = (),
    is_public: bool = False,
    more: Facts | None = None,
) -> Starlette:
    """GET /status and each of the facts, POST /command, and `routes` beside them.

    more       facts that somebody else than `controlled` tells
    is_public  the status is shown where others may see it: without folders, without the page's address

    Answers 400 to a command that cannot be carried out, 422 to a malformed request, and 503 to a request
    beyond what the lanes hold, all with {"error": message, "exit_code": number}.
    """
    lanes = RequestPools()

    def numbers() -> dict[str, object]:
        status = controlled.status().as_json()
        return _for_others(status) if is_public else status

    async def status(request: Request) -> JSONResponse:
        return JSONResponse(await lanes.status.run(numbers), headers=NO_STORE)

    async def command(request: Request) -> JSONResponse:
        wanted = Command.model_validate_json(await read_body(request))
        await lanes.of(wanted).run(partial(controlled.do, wanted))
        return await status(request)

    facts = {**controlled.facts(), **(more or {})}.items()
    return Starlette(
        routes=[
            Route("/status", status),
            Route("/status.json", status),
            Route("/command", command, methods=["POST"]),
            *(Route(f"/{name}", _facts_route(name, find, is_public)) for name, find in facts),
            *routes,
        ],
        exception_handlers={
            BusyError: _answer_busy,
            VcamError: _answer_error,
            ValidationError: _answer_malformed,
            HTTPException: _answer_nothing_there,
            Exception: _answer_bug,
        },
    )


def _facts_route(
    name: str, find: Callable[[], dict[str, object]], is_public: bool
) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Answers with these facts; a lane of its own, since what is asked may hang."""
    lane = RequestPool(f"requests for {name}", 1, 4)

    def found() -> dict[str, object]:
        return _for_others(find()) if is_public else find()

    async def serve(request: Request) -> JSONResponse:
        return JSONResponse(await lane.run(found), headers=NO_STORE)

    return serve


def _for_others(answer: dict[str, object]) -> dict[str, object]:
    """An answer without folders, and without what is for the user's own eyes."""
    return {key: _public(value) for key, value in answer.items() if key not in FOR_ITS_USER}


def _public(value: object) -> object:
    """The same without folders, however deep they are in it."""
    if isinstance(value, str):
        return without_folders(value)
    if isinstance(value, dict):
        return {key: _public(part) for key, part in value.items()}
    return [_public(part) for part in value] if isinstance(value, list | tuple) else value


def _answer_busy(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error), "exit_code": 1}, status_code=503)


def _answer_nothing_there(request: Request, error: Exception) -> JSONResponse:
    """No such address, or not for this kind of request."""
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path[:LONGEST_PLACE]}: {error.detail.lower()}"
    return JSONResponse({"error": public_text(message), "exit_code": 1}, error.status_code, error.headers)


def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    """What the server logs with its traceback."""
    return JSONResponse({"error": "a bug in the daemon; see: sharpkd logs", "exit_code": 1}, status_code=500)


def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VcamError)
    return JSONResponse({"error": public_text(str(error)), "exit_code": error.exit_code}, status_code=400)


def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))[:LONGEST_PLACE] or "its body"
    expected = f"expected some of: {', '.join(Command.model_fields)}" if request.method == "POST" else ""
    message = "; ".join(filter(None, (f"the request is malformed at {where}: {first['msg']}", expected)))
    return JSONResponse({"error": public_text(message), "exit_code": 2}, status_code=422)
