"""The application behind both sockets."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vcam.control.body import read_body
from vcam.control.status import Command, Status
from vcam.errors import VcamError
from vcam.public import public_text, without_folders
from vcam.request_pool import BusyError, RequestPool


class Controlled(Protocol):
    """What the API controls; called from several threads."""

    def status(self) -> Status: ...

    def do(self, command: Command) -> None:
        """Carry out a command. Raises VcamError if it cannot be done; then nothing has changed."""

    def devices(self) -> list[dict[str, object]]:
        """The cameras that can be a source, with their controls; each is asked, which takes its time."""


class RequestPools:
    """Threads for each kind of request: loading a model delays neither a pause nor the status."""

    def __init__(self) -> None:
        self.status = RequestPool("requests for the status", 2, 64)
        self.pause = RequestPool("pauses", 2, 64)
        self.output = RequestPool("changes of the output", 1, 8)  # an output may hang
        self.devices = RequestPool("looks at cameras", 1, 4)  # a driver may hang
        self.settings = RequestPool("changes of settings", 1, 8)  # they wait for each other anyway

    def of(self, command: Command) -> RequestPool:
        """Where a command runs: with what takes longest in it."""
        if command.set or command.reload or command.toggle == "mirror":
            return self.settings
        opens = command.release or command.resume or command.toggle == "pause"
        return self.output if opens else self.pause


def make_app(controlled: Controlled, routes: Sequence[Route] = (), is_public: bool = False) -> Starlette:
    """GET /status and /devices, POST /command, and `routes` beside them.

    is_public  the status is shown where others may see it: without folders, without the page's address

    Answers 400 to a command that cannot be carried out, 422 to a malformed request, and 503 to a request
    beyond what the lanes hold, all with {"error": message, "exit_code": number}.
    """
    lanes = RequestPools()

    def numbers() -> dict[str, object]:
        status = controlled.status().as_json()
        return _for_others(status) if is_public else status

    async def status(request: Request) -> JSONResponse:
        return JSONResponse(await lanes.status.run(numbers), headers={"Cache-Control": "no-store"})

    async def command(request: Request) -> JSONResponse:
        wanted = Command.model_validate_json(await read_body(request))
        await lanes.of(wanted).run(partial(controlled.do, wanted))
        return await status(request)

    def cameras() -> object:
        found = controlled.devices()
        return _public(found) if is_public else found

    async def devices(request: Request) -> JSONResponse:
        found = await lanes.devices.run(cameras)
        return JSONResponse({"cameras": found}, headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/status", status),
            Route("/status.json", status),
            Route("/devices", devices),
            Route("/command", command, methods=["POST"]),
            *routes,
        ],
        exception_handlers={
            BusyError: _answer_busy,
            VcamError: _answer_error,
            ValidationError: _answer_malformed,
            Exception: _answer_bug,
        },
    )


def _for_others(status: dict[str, object]) -> dict[str, object]:
    """The status without folders, and without the address that opens the page."""
    return {key: _public(value) for key, value in status.items() if key != "preview_url"}


def _public(value: object) -> object:
    """The same without folders, however deep they are in it."""
    if isinstance(value, str):
        return without_folders(value)
    if isinstance(value, dict):
        return {key: _public(part) for key, part in value.items()}
    return [_public(part) for part in value] if isinstance(value, list | tuple) else value


def _answer_busy(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error), "exit_code": 1}, status_code=503)


def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    """What the server logs with its traceback."""
    return JSONResponse({"error": "a bug in the daemon; see: sharpkd logs", "exit_code": 1}, status_code=500)


def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VcamError)
    return JSONResponse({"error": public_text(str(error)), "exit_code": error.exit_code}, status_code=400)


def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "its body"
    expected = (
        "expected set, pause (with release), resume, freeze, toggle, reload or stop"
        if request.method == "POST"
        else ""
    )
    message = "; ".join(filter(None, (f"the request is malformed at {where}: {first['msg']}", expected)))
    return JSONResponse({"error": public_text(message), "exit_code": 2}, status_code=422)
