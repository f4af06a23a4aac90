"""POST /v1/sharpen: a picture in, a sharper one out."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from vcam.serve.answers import PICTURE_ANSWER, PICTURE_BODY, problems
from vcam.serve.body import read_body
from vcam.serve.header import check_header
from vcam.serve.kinds import PICTURES_TAKEN, check_media_type, picture_kind
from vcam.serve.options import PictureOptions
from vcam.serve.picture import Restored
from vcam.serve.refusal import UNAVAILABLE, UNUSABLE, RefusedError
from vcam.serve.service import Service
from vcam.serve.tasks import PictureTask
from vcam.serve.workers import RETRY_S, check


def picture_routes(service: Service) -> APIRouter:
    """The route for pictures."""
    router = APIRouter(tags=["pictures"])

    @router.post(
        "/v1/sharpen",
        summary="Restore a picture",
        description="The body is the file itself: JPEG, PNG, WebP or AVIF. EXIF block, colour profile and "
        "opacity are kept; the picture comes out upright.",
        response_class=Response,
        responses={200: PICTURE_ANSWER, **problems(400, 401, 403, 408, 413, 415, 422, 429, 503)},
        openapi_extra=PICTURE_BODY,
    )
    async def sharpen(request: Request, options: Annotated[PictureOptions, Query()]) -> Response:
        service.check_ready()
        check_media_type(request.headers.get("content-type"), "image/", PICTURES_TAKEN)
        service.pool.check_room()
        with service.held.part() as held:
            content = await read_body(request, service.limits.picture_bytes, held)
            check_header(picture_kind(content[:64]), content, service.limits.pixels)
            restored, work_s, wait_s = await _restore(service, request, PictureTask(content, options))
        service.metrics.pictures.inc()
        service.metrics.work_seconds.observe(work_s)
        return _answer(restored, work_s, wait_s)

    return router


async def _restore(service: Service, request: Request, task: PictureTask) -> tuple[Restored, float, float]:
    """The outcome, with the seconds at work and in the queue; given up if the client goes."""
    begin_s = time.monotonic()
    limit_s = service.limits.seconds
    work = asyncio.ensure_future(service.pool.run(task, limit_s))
    gone = asyncio.ensure_future(_disconnection(request))
    try:
        await asyncio.wait((work, gone), timeout=2 * limit_s, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            restored, work_s = work.result()
            checked = check(restored)
            assert isinstance(checked, Restored)
            return checked, work_s, time.monotonic() - begin_s - work_s
        if gone.done():
            raise RefusedError(UNUSABLE, "the client has gone")
        raise RefusedError(
            UNAVAILABLE, f"it was not done within {2 * limit_s:g} s; send it again later", RETRY_S
        )
    finally:
        work.cancel()  # what still waits in the queue is not begun
        gone.cancel()


async def _disconnection(request: Request) -> None:
    """Returns when the client has gone; its body is read already."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(restored: Restored, work_s: float, wait_s: float) -> Response:
    headers: dict[str, Any] = {
        "X-Model": restored.model,
        "X-Size": f"{restored.size[0]}x{restored.size[1]}",
        "Server-Timing": f"queue;dur={wait_s * 1e3:.1f}, work;dur={work_s * 1e3:.1f}",
    }
    answer = Response(restored.content, media_type=restored.media_type, headers=headers)
    for note in restored.notes:
        answer.headers.append("X-Note", note)
    return answer
