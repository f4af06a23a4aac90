"""The page's files, and its picture: before and after restoration, side by side."""

import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vcam.conversion.opencv import to_bgr
from vcam.frame import MIN_SIDE, Frame, resize
from vcam.pipeline import Result, conform
from vcam.request_pool import RequestPool

WIDEST = 1920
SNAPSHOT_QUALITY = 95
STILL_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}

STATIC = Path(__file__).with_name("static")
STATIC_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
STATIC_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NO_STORE = {"Cache-Control": "no-store"}


def static_files(folder: Path = STATIC) -> dict[str, Path]:
    """The page's files by the path of their address; those of a kind that is not known are left out."""
    found = sorted(path for path in folder.iterdir() if path.suffix in STATIC_TYPES)
    return {"/" if path.name == "index.html" else f"/{path.name}": path for path in found}


class Shown(Protocol):
    """What the page shows; called from several threads."""

    def look(self) -> Result | None:
        """The newest result, or None while there is no picture; this counts as watching for some seconds."""

    def placeholder(self) -> Frame:
        """What the camera shows instead, of the output's size."""


class SnapshotView(BaseModel):
    """The parameters of a request for a snapshot."""

    side: Literal["after", "before"] = "after"


class PairView(BaseModel):
    """The parameters of a request for the picture; `seen` is the X-Mark of an earlier answer."""

    width: int = Field(640, ge=MIN_SIDE, le=WIDEST)
    quality: int = Field(80, ge=1, le=100)
    seen: str = Field("", max_length=64)


def encode_pair(result: Result, width: int, quality: int) -> bytes:
    """Both sides of a result in one JPEG: before on the left, scaled up to the output's size and
    placed as the one after is; after right.

    width    of one side at most, in pixels; the aspect ratio stays
    quality  1..100
    """
    before = _shrink(_before(result), width)
    after = _shrink(result.after, width)
    pair = Frame(
        np.hstack((before.y, after.y)),
        np.hstack((before.u, after.u)),
        np.hstack((before.v, after.v)),
    )
    return _encode(pair, quality)


def page_routes(shown: Shown) -> list[Route]:
    """GET the page's files, /pair.jpg, /snapshot.png and /snapshot.jpg.

    Who may ask for them is up to the application around.

    A value out of range raises pydantic's ValidationError, and more requests for pictures than are served at
    once raise BusyError; the application answers both.
    """
    pictures = RequestPool("pictures", 2, 8)
    snapshots = RequestPool("snapshots", 1, 4)  # a PNG takes as long as ten pictures of the page

    def newest() -> tuple[Result, str]:
        """What to show, and a mark that changes with it."""
        result = shown.look()
        if result is not None:
            return result, f"{result.after.index}-{result.after.captured_ns}"
        card = shown.placeholder()
        return Result(card, card), f"card-{zlib.crc32(card.y.tobytes()):08x}"

    async def pair(request: Request) -> Response:
        asked = PairView.model_validate({**request.query_params})
        return await pictures.run(lambda: draw_pair(asked))

    def draw_pair(asked: PairView) -> Response:
        """Both sides; 204 and no picture if what was seen is still the newest."""
        result, mark = newest()
        if mark == asked.seen:
            return Response(status_code=204, headers=NO_STORE | {"X-Mark": mark})
        return _jpeg(encode_pair(result, asked.width, asked.quality), {"X-Mark": mark})

    def snapshot(ending: str) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            asked = SnapshotView.model_validate({**request.query_params})
            return await snapshots.run(lambda: draw_snapshot(ending, asked.side))

        return serve

    def draw_snapshot(ending: str, side: str) -> Response:
        """One side at the output's size, as it is published or as it would be without restoration."""
        result, _ = newest()
        frame = result.after if side == "after" else _before(result)
        return Response(
            _encode(frame, SNAPSHOT_QUALITY, ending), media_type=STILL_TYPES[ending], headers=NO_STORE
        )

    return [
        *(Route(f"/snapshot{ending}", snapshot(ending)) for ending in STILL_TYPES),
        *(Route(path, _static_file(file)) for path, file in static_files().items()),
        Route("/pair.jpg", pair),
    ]


def _static_file(file: Path) -> Callable[[Request], Awaitable[Response]]:
    content = file.read_bytes()  # once: strangers may ask for it, and are to take no thread

    async def serve(request: Request) -> Response:
        return Response(content, media_type=STATIC_TYPES[file.suffix], headers=STATIC_HEADERS)

    return serve


def _jpeg(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, media_type="image/jpeg", headers=NO_STORE | (headers or {}))


def _shrink(frame: Frame, width: int) -> Frame:
    """Scale down to an even width of at most `width`, never up."""
    if width >= frame.width:
        return frame
    height = max(MIN_SIDE, round(frame.height * width / frame.width / 2) * 2)
    return resize(frame, (width & ~1, height))


def _before(result: Result) -> Frame:
    """What was before, of the size of what is after, and placed as that is."""
    return result.place(conform(result.before, result.after.size))


def _encode(frame: Frame, quality: int, ending: str = ".jpg") -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if ending == ".jpg" else []
    _, encoded = cv2.imencode(ending, to_bgr(frame), options)
    return encoded.tobytes()
