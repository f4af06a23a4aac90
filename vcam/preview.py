"""The preview page: the picture before and after restoration, and the numbers of the running pipeline."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import cv2
import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, JSONResponse

from vcam.frame import MIN_SIDE, Frame, resize, to_bgr
from vcam.pipeline import Result, conform

Side: TypeAlias = Literal["before", "after"]
Width: TypeAlias = Annotated[int, Query(ge=MIN_SIDE, le=1920)]
Quality: TypeAlias = Annotated[int, Query(ge=1, le=100)]

PANEL = Path(__file__).with_name("panel")
PANEL_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
PANEL_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NO_STORE = {"Cache-Control": "no-store"}


def encode_jpeg(result: Result, side: Side, width: int, quality: int) -> bytes:
    """One side of a result as a JPEG.

    side     "before" is scaled up to the output's size first, as a receiver without us would show it
    width    of the JPEG at most, in pixels; the aspect ratio stays
    quality  1..100
    """
    return _encode(_shrink(_side(result, side), width), quality)


def encode_pair(result: Result, width: int, quality: int) -> bytes:
    """Both sides of one result in one JPEG, before on the left; `width` is that of one side at most."""
    before, after = (_shrink(_side(result, side), width) for side in ("before", "after"))
    pair = Frame(
        np.hstack((before.y, after.y)),
        np.hstack((before.u, after.u)),
        np.hstack((before.v, after.v)),
    )
    return _encode(pair, quality)


def preview_routes(
    latest: Callable[[], Result | None],
    placeholder: Callable[[], Frame],
    status: Callable[[], dict[str, object]],
) -> APIRouter:
    """The page, its pictures and its numbers; who may see them is the business of the app around it.

    latest       the newest result, or None while there is no picture
    placeholder  what the camera shows instead, of the output's size
    status       what the page's numbers are read from; every key is optional

    GET /  /app.css  /app.js  /icon.svg  /frame/{before|after}.jpg  /pair.jpg  /status.json
    """
    router = APIRouter()
    for name in PANEL_TYPES:
        router.add_api_route("/" if name == "index.html" else f"/{name}", _panel_file(name), methods=["GET"])

    def shown() -> tuple[Result, str]:
        """What to show, and a mark that changes with it."""
        result = latest()
        if result is not None:
            return result, f"{result.after.index}-{result.after.captured_ns}"
        card = placeholder()
        return Result(card, card), f"card-{zlib.crc32(card.y.tobytes()):08x}"

    @router.get("/frame/{side}.jpg")
    def frame(side: Side, width: Width = 1280, quality: Quality = 85) -> Response:
        return _jpeg(encode_jpeg(shown()[0], side, width, quality))

    @router.get("/pair.jpg")
    def pair(width: Width = 640, quality: Quality = 80, seen: str = "") -> Response:
        """Both sides; 204 and no picture if `seen`, the X-Mark of an answer before, is still the newest."""
        result, mark = shown()
        if mark == seen:
            return Response(status_code=204, headers=NO_STORE | {"X-Mark": mark})
        return _jpeg(encode_pair(result, width, quality), {"X-Mark": mark})

    @router.get("/status.json")
    def numbers() -> JSONResponse:
        return JSONResponse(status(), headers=NO_STORE)

    return router


def _panel_file(name: str) -> Callable[[], FileResponse]:
    def serve() -> FileResponse:
        return FileResponse(PANEL / name, media_type=PANEL_TYPES[name], headers=PANEL_HEADERS)

    return serve


def _jpeg(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, media_type="image/jpeg", headers=NO_STORE | (headers or {}))


def _side(result: Result, side: str) -> Frame:
    return result.after if side == "after" else conform(result.before, result.after.size)


def _shrink(frame: Frame, width: int) -> Frame:
    """Scale down to an even width of at most `width`, never up."""
    if width >= frame.width:
        return frame
    height = max(MIN_SIDE, round(frame.height * width / frame.width / 2) * 2)
    return resize(frame, (width & ~1, height))


def _encode(frame: Frame, quality: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", to_bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()
