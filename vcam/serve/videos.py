"""POST /v1/video: a recording in, a job that can be watched, cancelled and fetched."""

import errno
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from vcam.serve.answers import VIDEO_BODY, VIDEO_TYPES, JobAnswer, problems
from vcam.serve.body import check_length, read_parts
from vcam.serve.job import INPUT
from vcam.serve.kinds import VIDEOS_TAKEN, check_media_type
from vcam.serve.options import VideoOptions
from vcam.serve.refusal import UNAVAILABLE, UNUSABLE, RefusedError
from vcam.serve.service import Service
from vcam.serve.tasks import ProbeTask
from vcam.serve.workers import check

MEDIA_TYPES = {"mp4": "video/mp4", "mkv": "video/x-matroska"}
RETRY_S = 30
JobId = Annotated[str, Path(min_length=1, max_length=64, description="As it was answered by POST /v1/video.")]


def video_routes(service: Service) -> APIRouter:
    """The routes for recordings."""
    router = APIRouter(tags=["recordings"])

    @router.post(
        "/v1/video",
        status_code=202,
        summary="Restore a recording in the background",
        description="The body is the file itself. The answer names the job; its state says when the result "
        "can be fetched, until it expires.",
        response_model=JobAnswer,
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
        openapi_extra=VIDEO_BODY,
    )
    async def begin(
        request: Request, response: Response, options: Annotated[VideoOptions, Query()]
    ) -> JobAnswer:
        service.check_ready()
        check_media_type(request.headers.get("content-type"), "video/", VIDEOS_TAKEN)
        check_length(request, service.limits.video_bytes)
        try:
            folder = service.jobs.begin()
        except OSError as error:
            raise _disk_refusal(error) from None
        try:
            await _receive(service, request, folder / INPUT)
            await _probe(service, ProbeTask(folder / INPUT, options))
            job = service.jobs.accept(folder, options)
        except OSError as error:
            service.jobs.abandon(folder)
            raise _disk_refusal(error) from None
        except BaseException:
            service.jobs.abandon(folder)
            raise
        response.headers["Location"] = f"/v1/video/{job.id}"
        return service.jobs.describe(job)

    @router.get(
        "/v1/video/{id}",
        summary="How far a job is",
        response_model=JobAnswer,
        responses=problems(400, 401, 403, 404, 422),
    )
    async def look(id: JobId) -> JobAnswer:
        return service.jobs.describe(service.jobs.get(id))

    @router.delete(
        "/v1/video/{id}",
        status_code=204,
        summary="Cancel a job, or remove it with its result",
        responses=problems(400, 401, 403, 404, 422),
    )
    async def cancel(id: JobId) -> None:
        service.jobs.forget(id)

    @router.get(
        "/v1/video/{id}/result",
        summary="The restored recording",
        response_class=FileResponse,
        responses={
            200: {
                "description": "The file, with its sound.",
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}} for kind in VIDEO_TYPES[:2]
                },
            },
            **problems(400, 401, 403, 404, 409, 422),
        },
    )
    async def result(id: JobId) -> FileResponse:
        file = service.jobs.result(id)
        return FileResponse(file, media_type=MEDIA_TYPES[file.suffix[1:]], filename=f"sharp{file.suffix}")

    return router


async def _receive(service: Service, request: Request, path: FilePath) -> None:
    """Write a body to a file. Raises RefusedError, and OSError where the disk is full."""
    count = 0
    with path.open("xb") as file:
        async for part in read_parts(request, service.limits.video_bytes):
            file.write(part)
            count += len(part)
    if not count:
        raise RefusedError(UNUSABLE, f"the body is empty, expected {VIDEOS_TAKEN}")


async def _probe(service: Service, task: ProbeTask) -> None:
    """Raise RefusedError unless a recording can be read."""
    outcome, _ = await service.pool.run(task, service.limits.seconds)
    check(outcome)


def _disk_refusal(error: OSError) -> RefusedError:
    why = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "not usable"
    return RefusedError(UNAVAILABLE, f"the server's disk is {why}; send the recording again later", RETRY_S)
