"""The application: its routes, its refusals in sentences, and the document that describes both."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from vcam.public import printable
from vcam.serve.answers import Health, ModelAnswer, ModelsAnswer, Problem, problems
from vcam.serve.body import let_go
from vcam.serve.gate import ServeGate
from vcam.serve.metrics import CONTENT_TYPE, Measured
from vcam.serve.pictures import picture_routes
from vcam.serve.refusal import UNAVAILABLE, UNUSABLE, RefusedError
from vcam.serve.service import Service
from vcam.serve.videos import video_routes

log = logging.getLogger(__name__)

TITLE = "SharpKD Camera"
DESCRIPTION = "Restores blurry, bandwidth-degraded pictures and recordings."
LONGEST = 60  # of what was sent, in a message
BUG = "a bug in the server; its log has the cause"
# newer ones of FastAPI tell OpenTelemetry of each request, with its path
SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def make_app(service: Service, token: str = "", names: tuple[str, ...] = (), version: str = "0") -> ASGIApp:
    """The application behind its gate; see ServeGate for token and names."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=version,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry=SILENT,
    )
    app.include_router(picture_routes(service))
    app.include_router(video_routes(service))
    _add_facts(app, service)
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
    _describe_token(app, bool(token))
    return Measured(ServeGate(app, token, names), service.metrics)


def _add_facts(app: FastAPI, service: Service) -> None:
    """What can be read of the server itself."""

    @app.get("/v1/models", tags=["server"], summary="The models", responses=problems(401, 403, 503))
    async def models() -> ModelsAnswer:
        service.check_ready()
        known = service.pool.models
        return ModelsAnswer(
            models=[
                ModelAnswer(
                    name=model.name,
                    is_default=number == 0,
                    has_crisp_look=model.has_crisp_look,
                    provider=model.provider,
                )
                for number, model in enumerate(known)
            ]
        )

    @app.get(
        "/healthz",
        tags=["server"],
        summary="Whether requests are carried out",
        responses={
            **problems(403),
            UNAVAILABLE: {"model": Health, "description": "Not yet, or no more."},
        },
    )
    async def healthz(response: Response) -> Health:
        response.status_code = 200 if service.status == "ready" else UNAVAILABLE
        return Health(status=service.status)

    @app.get(
        "/metrics",
        tags=["server"],
        summary="Counts and times for Prometheus",
        response_class=Response,
        responses={
            200: {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **problems(401, 403),
        },
    )
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _describe_token(app: FastAPI, has_token: bool) -> None:
    """Say in the document that a token is needed, where one is."""
    if not has_token:
        return
    make = app.openapi

    def openapi() -> dict[str, Any]:
        document = make()
        document.setdefault("components", {})["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"}
        }
        document["security"] = [{"token": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


async def _answer_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    await let_go(request)
    headers = {} if error.retry_s is None else {"Retry-After": str(error.retry_s)}
    return _problem(error.status, str(error), headers)


async def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    """A parameter that cannot be used, in a sentence."""
    assert isinstance(error, RequestValidationError)
    await let_go(request)
    first = error.errors()[0]
    name = str(first["loc"][-1])[:LONGEST]
    if first["type"] == "extra_forbidden":
        return _problem(UNUSABLE, f"there is no parameter {name!r}; leave it out, see /openapi.json")
    found = str(first["input"])[:LONGEST]
    return _problem(UNUSABLE, f"{name} is {found!r}, expected {_expected(first)}; see /openapi.json")


def _expected(error: Mapping[str, Any]) -> str:
    """What a parameter must be, after pydantic's description of an error."""
    limits = error.get("ctx", {})
    words = {
        "less_than_equal": "at most {le:g}",
        "greater_than_equal": "at least {ge:g}",
        "greater_than": "more than {gt:g}",
        "literal_error": "{expected}",
        "float_parsing": "a number",
        "finite_number": "a number",
        "string_pattern_mismatch": "text like {pattern}",
        "string_too_long": "at most {max_length} characters",
    }
    return words.get(error["type"], error["msg"]).format_map(limits)


async def _answer_nothing_there(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    await let_go(request)
    path = request.url.path[:LONGEST]
    message = f"{request.method} {path}: {error.detail.lower()}; /openapi.json names what there is"
    return _problem(error.status_code, message, dict(error.headers or {}))


async def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    return _problem(500, BUG)


def _problem(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Problem(error=printable(message)).model_dump(), status, headers)


_ANSWERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    RefusedError: _answer_refusal,
    RequestValidationError: _answer_malformed,
    HTTPException: _answer_nothing_there,
    Exception: _answer_bug,
}
