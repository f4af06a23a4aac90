"""The application behind both sockets."""

from collections.abc import Callable
from typing import Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from vcam.control.status import Command, Status
from vcam.errors import VcamError
from vcam.frame import Frame
from vcam.pipeline import Result
from vcam.preview import preview_routes


class Controlled(Protocol):
    """What the application steers; called from several threads."""

    def status(self) -> Status: ...

    def do(self, command: Command) -> None:
        """Carry out a command. Raises VcamError if it cannot be done; then nothing has changed."""

    def look(self) -> Result | None:
        """The newest result, if there is a picture; who asks counts as watching for some seconds."""

    def placeholder(self) -> Frame: ...


def make_app(controlled: Controlled) -> FastAPI:
    """GET /status, POST /command, and the preview page.

    A command that cannot be done is answered with status 400 and {"error": message, "exit_code": number}.
    """
    # the pages that FastAPI adds for developers load their scripts from elsewhere
    app = FastAPI(title="SharpKD Camera", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(VcamError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_malformed)

    def status() -> dict[str, object]:
        return controlled.status().as_json()

    @app.post("/command")
    def command(command: Command) -> dict[str, object]:
        controlled.do(command)
        return status()

    app.add_api_route("/status", _named(status), methods=["GET"])
    app.include_router(preview_routes(controlled.look, controlled.placeholder, status))
    return app


def _named(status: Callable[[], dict[str, object]]) -> Callable[[], JSONResponse]:
    def answer() -> JSONResponse:
        return JSONResponse(status(), headers={"Cache-Control": "no-store"})

    return answer


def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VcamError)
    return JSONResponse({"error": str(error), "exit_code": error.exit_code}, status_code=400)


def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    expected = "expected set, pause (with release), resume, reload or stop"
    message = f"the request is malformed at {where}: {first['msg']}; {expected}"
    return JSONResponse({"error": message, "exit_code": 2}, status_code=422)
