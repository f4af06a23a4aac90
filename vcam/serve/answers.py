"""What is answered, as the OpenAPI document describes it."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from vcam.serve.kinds import ANY_TYPE, KINDS

REASONS = {
    400: "Not a valid HTTP request for this address.",
    401: "The token is missing or wrong.",
    403: "A Host that this server does not have, or another site's page.",
    404: "There is no such job: it was cancelled, has expired, or never was.",
    408: "The body comes too slowly.",
    409: "The job has no result, or not yet.",
    413: "More bytes or pixels than are taken.",
    415: "Another kind of file or Content-Type.",
    422: "A parameter or file that cannot be used.",
    429: "Too many requests wait already; Retry-After says when to try again.",
    503: "Not ready, ending, or out of time; Retry-After says when to try again.",
}
EXAMPLES = {
    400: "the request is not valid HTTP for this address",
    401: "a token is needed: send it as `Authorization: Bearer TOKEN`; it is in the server's token file",
    403: "this server answers to no page of another site",
    404: "there is no such job: it was cancelled, has expired, or never was; send the recording again",
    408: "nothing came for 10 s in the middle of the body; send it at once",
    409: "the job is running, expected done: ask again when its state says so",
    413: "the body has 41.2 MiB, expected at most 32 MiB; send a smaller file",
    415: "the body is none of these by its first bytes, expected a JPEG, PNG, WebP or AVIF file; "
    "send the file itself",
    422: "strength: 2 is not valid, expected a number of at most 1",
    429: "128 pictures wait already; send this one again in 2 s",
    503: "the models are not loaded yet; ask again in 2 s",
}


class Problem(BaseModel):
    """Why a request was not carried out."""

    error: Annotated[str, Field(description="One sentence: what, found, expected, remedy.")]


class Health(BaseModel):
    """Whether requests are carried out."""

    status: Annotated[str, Field(description="ready, starting or stopping.", examples=["ready"])]


class ModelAnswer(BaseModel):
    """A model that requests can name."""

    name: Annotated[str, Field(examples=["best"])]
    is_default: Annotated[bool, Field(description="Whether it is what `auto` means.")]
    has_crisp_look: Annotated[bool, Field(description="Whether `crispness` has an effect.")]
    provider: Annotated[str, Field(examples=["CPUExecutionProvider"])]


class ModelsAnswer(BaseModel):
    """All models, the best picture first."""

    models: list[ModelAnswer]


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class JobAnswer(BaseModel):
    """A recording that is restored in the background."""

    id: Annotated[str, Field(examples=["Zk3v0m4mS1qLr7b0cWJm3w"])]
    state: State
    progress: Annotated[float, Field(ge=0, le=1, description="Share of its frames that are restored.")]
    frames: Annotated[int, Field(ge=0, description="Frames that are restored.")]
    notes: Annotated[list[str], Field(description="What could not be carried over.")]
    error: Annotated[str | None, Field(description="Why it failed.")]
    expires_in_s: Annotated[
        float | None, Field(description="Seconds until it is removed with its result; null before it ends.")
    ]
    result: Annotated[
        str | None,
        Field(description="Where the result is.", examples=["/v1/video/Zk3v0m4mS1qLr7b0cWJm3w/result"]),
    ]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, as FastAPI takes them."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        example = {"error": EXAMPLES[status]}
        described[status] = {
            "model": Problem,
            "description": REASONS[status],
            "content": {"application/json": {"example": example}},
        }
        if status in (429, 503):
            described[status]["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
            }
    return described


def body_of(*media_types: str) -> dict[str, Any]:
    """A body that is one file, as the document describes it."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {"requestBody": {"required": True, "content": content}}


PICTURE_TYPES = tuple(kind.media_type for kind in KINDS.values())
PICTURE_BODY = body_of(*PICTURE_TYPES, ANY_TYPE)
VIDEO_TYPES = ("video/mp4", "video/x-matroska", "video/webm", "video/quicktime")
VIDEO_BODY = body_of(*VIDEO_TYPES, ANY_TYPE)
PICTURE_ANSWER: dict[str, Any] = {
    "description": "The restored picture, in the kind that was sent or asked for.",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in PICTURE_TYPES},
    "headers": {
        "X-Model": {"description": "The model that restored it.", "schema": {"type": "string"}},
        "X-Size": {"description": "WIDTHxHEIGHT.", "schema": {"type": "string"}},
        "X-Note": {"description": "What could not be kept, a header each.", "schema": {"type": "string"}},
        "Server-Timing": {
            "description": "Milliseconds in the queue and at work.",
            "schema": {"type": "string"},
        },
    },
}
