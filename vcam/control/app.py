"""The application behind both sockets."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vcam.control.status import Command, Status
from vcam.errors import VcamError
from vcam.frame import Frame
from vcam.pipeline import Result
from vcam.preview import preview_routes
from vcam.public import public_text


class Controlled(Protocol):
    """What the application steers; called from several threads."""

    def status(self) -> Status: ...

    def do(self, command: Command) -> None:
        """Carry out a command. Raises VcamError if it cannot be done; then nothing has changed."""

    def look(self) -> Result | None:
        """The newest result, if there is a picture; who asks counts as watching for some seconds."""

    def placeholder(self) -> Frame: ...


def make_app(controlled: Controlled, more: Sequence[Route] = ()) -> Starlette:
    """GET /status, POST /command, the preview page, and more routes, if there are any.

    A command that cannot be done is answered with status 400, a malformed request with 422, both with
    {"error": message, "exit_code": number}.
    """

    def numbers() -> dict[str, object]:
        return controlled.status().as_json()

    def status(request: Request) -> JSONResponse:
        return JSONResponse(numbers(), headers={"Cache-Control": "no-store"})

    async def command(request: Request) -> JSONResponse:
        wanted = Command.model_validate_json(await request.body())
        await run_in_threadpool(controlled.do, wanted)  # a new model takes seconds to load
        return JSONResponse(await run_in_threadpool(numbers))

    return Starlette(
        routes=[
            Route("/status", status),
            Route("/command", command, methods=["POST"]),
            *preview_routes(controlled.look, controlled.placeholder, numbers),
            *more,
        ],
        exception_handlers={VcamError: _answer_error, ValidationError: _answer_malformed},
    )


def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VcamError)
    return JSONResponse({"error": public_text(str(error)), "exit_code": error.exit_code}, status_code=400)


def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "its body"
    expected = (
        "expected set, pause (with release), resume, reload or stop" if request.method == "POST" else ""
    )
    message = "; ".join(filter(None, (f"the request is malformed at {where}: {first['msg']}", expected)))
    return JSONResponse({"error": public_text(message), "exit_code": 2}, status_code=422)
