import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from vcam.conversion.opencv import Bgr, from_bgr, to_bgr
from vcam.frame import Frame, black
from vcam.metrics import psnr
from vcam.page.routes import encode_pair, page_routes, static_files
from vcam.pipeline import Result


def picture(size: tuple[int, int], level: int, index: int = 0) -> Frame:
    columns = np.linspace(level, level + 80, size[0])
    return from_bgr(
        np.broadcast_to(columns[None, :, None], (size[1], size[0], 3)).astype(np.uint8), index, index
    )


RESULT = Result(before=picture((160, 90), 20), after=picture((640, 360), 120))


def decode(content: bytes) -> Bgr:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


@dataclass
class Camera:
    """What the page asks of a running camera."""

    result: Result | None = RESULT
    card: Frame = field(default_factory=lambda: black((640, 360)))

    def look(self) -> Result | None:
        return self.result

    def placeholder(self) -> Frame:
        return self.card

    def get(self, path: str, **params: str) -> httpx.Response:
        """One request, without a network; Starlette's own TestClient warns about httpx."""
        app = Starlette(routes=page_routes(self))

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, params=params or None)

        return asyncio.run(ask())


def test_before_is_scaled_up_to_the_size_of_after() -> None:
    assert decode(encode_pair(RESULT, 1920, 90)).shape == (360, 1280, 3)


def test_the_picture_survives_the_jpeg() -> None:
    # a smooth ramp at quality 95: what is lost is the rounding of two colour conversions
    assert psnr(decode(encode_pair(RESULT, 640, 95))[:, 640:], to_bgr(RESULT.after)) > 40


@pytest.mark.parametrize(("width", "shape"), [(320, (180, 640, 3)), (101, (56, 200, 3)), (16, (16, 32, 3))])
def test_a_side_is_at_most_as_wide_as_asked(width: int, shape: tuple[int, int, int]) -> None:
    assert decode(encode_pair(RESULT, width, 80)).shape == shape


def test_each_side_keeps_its_colours() -> None:
    red, blue = ((0, 0, 200), (200, 0, 0))  # BGR
    sides = [from_bgr(np.full((90, 160, 3), colour, np.uint8)) for colour in (red, blue)]
    pair = decode(encode_pair(Result(*sides), 160, 95))
    # of 255: two colour conversions, and JPEG's rounding of a flat block
    assert pair[45, 80].tolist() == pytest.approx(list(red), abs=4)
    assert pair[45, 240].tolist() == pytest.approx(list(blue), abs=4)


def test_a_pair_has_before_on_the_left() -> None:
    pair = decode(encode_pair(RESULT, 320, 80))
    assert pair.shape == (180, 640, 3)
    assert pair[:, :320].mean() == pytest.approx(60, abs=2)
    assert pair[:, 320:].mean() == pytest.approx(160, abs=2)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/base.css", "text/css"),
        ("/app.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_the_page_is_served_under_a_strict_policy(path: str, kind: str) -> None:
    answer = Camera().get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_page_asks_nothing_of_other_hosts() -> None:
    for path in static_files():
        text = Camera().get(path).text.replace("http://www.w3.org/2000/svg", "")  # the name of a language
        assert "//" not in text.replace("// ", "")


def test_a_file_that_a_browser_could_not_name_is_not_served(tmp_path: Path) -> None:
    for name in ("index.html", "app.js", "app.js~", "notes.txt"):
        (tmp_path / name).touch()
    assert sorted(static_files(tmp_path)) == ["/", "/app.js"]


def test_the_page_has_no_inline_script_or_style() -> None:
    page = Camera().get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_the_picture_is_served_as_a_jpeg_that_is_not_kept() -> None:
    answer = Camera().get("/pair.jpg?width=320")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert decode(answer.content).shape == (180, 640, 3)


def test_a_pair_seen_before_is_not_sent_again() -> None:
    camera = Camera()
    first = camera.get("/pair.jpg")
    again = camera.get("/pair.jpg", seen=first.headers["X-Mark"])
    assert (again.status_code, again.content) == (204, b"")
    camera.result = Result(RESULT.before, picture((640, 360), 120, index=1))
    assert camera.get("/pair.jpg", seen=first.headers["X-Mark"]).status_code == 200


def test_without_a_picture_both_sides_show_the_placeholder() -> None:
    camera = Camera(result=None)
    answer = camera.get("/pair.jpg?width=320")
    assert decode(answer.content).max() < 10
    assert answer.headers["X-Mark"].startswith("card-")
    camera.card = picture((640, 360), 90)
    assert camera.get("/pair.jpg", seen=answer.headers["X-Mark"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["/pair.jpg?width=9000", "/pair.jpg?quality=0", f"/pair.jpg?seen={'x' * 65}"]
)
def test_values_out_of_range_are_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        Camera().get(path)


def test_a_snapshot_is_what_is_published_at_its_full_size() -> None:
    answer = Camera().get("/snapshot.png")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/png", "no-store")
    assert np.array_equal(decode(answer.content), to_bgr(RESULT.after))


def test_a_snapshot_of_before_is_scaled_and_placed_as_what_is_published() -> None:
    answer = Camera(replace(RESULT, place=lambda frame: replace(frame, y=frame.y[:, ::-1].copy()))).get(
        "/snapshot.jpg", side="before"
    )
    picture = decode(answer.content)
    assert (answer.headers["content-type"], picture.shape) == ("image/jpeg", (360, 640, 3))
    assert picture[180, 40].mean() > picture[180, 600].mean(), "mirrored"


def test_without_a_picture_the_snapshot_is_the_card() -> None:
    assert decode(Camera(None).get("/snapshot.png").content).max() == 0


def test_there_is_no_third_side() -> None:
    with pytest.raises(ValidationError):
        Camera().get("/snapshot.png", side="both")
