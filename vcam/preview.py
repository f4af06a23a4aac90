"""The preview page: the picture before and after restoration, and the numbers of the running pipeline."""

import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vcam.frame import MIN_SIDE, Frame, resize, to_bgr
from vcam.lane import Lane
from vcam.pipeline import Result, conform

Side: TypeAlias = Literal["before", "after"]
WIDEST = 1920

PANEL = Path(__file__).with_name("panel")
PANEL_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
PANEL_PATHS = {"/" if name == "index.html" else f"/{name}": name for name in PANEL_TYPES}
PANEL_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NO_STORE = {"Cache-Control": "no-store"}


class SideView(BaseModel):
    """What a request for one side asks for."""

    side: Side
    width: int = Field(1280, ge=MIN_SIDE, le=WIDEST)
    quality: int = Field(85, ge=1, le=100)


class PairView(BaseModel):
    """What a request for both asks for; `seen` is the X-Mark of an answer before."""

    width: int = Field(640, ge=MIN_SIDE, le=WIDEST)
    quality: int = Field(80, ge=1, le=100)
    seen: str = Field("", max_length=64)


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


def preview_routes(latest: Callable[[], Result | None], placeholder: Callable[[], Frame]) -> list[Route]:
    """The page and its pictures; who may see them is the business of the app around it.

    latest       the newest result, or None while there is no picture
    placeholder  what the camera shows instead, of the output's size

    GET /  /app.css  /app.js  /icon.svg  /frame/{before|after}.jpg  /pair.jpg; a value out of range raises
    pydantic's ValidationError, and a picture more than there is room for BusyError, for the app to answer.
    """
    pictures = Lane("pictures", 2, 8)

    def shown() -> tuple[Result, str]:
        """What to show, and a mark that changes with it."""
        result = latest()
        if result is not None:
            return result, f"{result.after.index}-{result.after.captured_ns}"
        card = placeholder()
        return Result(card, card), f"card-{zlib.crc32(card.y.tobytes()):08x}"

    async def frame(request: Request) -> Response:
        asked = SideView.model_validate({**request.query_params, **request.path_params})
        return await pictures.run(
            lambda: _jpeg(encode_jpeg(shown()[0], asked.side, asked.width, asked.quality))
        )

    async def pair(request: Request) -> Response:
        asked = PairView.model_validate({**request.query_params})
        return await pictures.run(lambda: draw_pair(asked))

    def draw_pair(asked: PairView) -> Response:
        """Both sides; 204 and no picture if what was seen is still the newest."""
        result, mark = shown()
        if mark == asked.seen:
            return Response(status_code=204, headers=NO_STORE | {"X-Mark": mark})
        return _jpeg(encode_pair(result, asked.width, asked.quality), {"X-Mark": mark})

    return [
        *(Route(path, _panel_file(name)) for path, name in PANEL_PATHS.items()),
        Route("/frame/{side}.jpg", frame),
        Route("/pair.jpg", pair),
    ]


def _panel_file(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = (PANEL / name).read_bytes()  # once: strangers may ask for it, and are to take no thread

    async def serve(request: Request) -> Response:
        return Response(content, media_type=PANEL_TYPES[name], headers=PANEL_HEADERS)

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
