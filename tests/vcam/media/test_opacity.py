"""The opacity of AVIF, and its animations, as Pillow writes them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vcam.media.reading import Recording
from vcam.sinks import write_still
from vcam.sources.file import FileSource

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("PIL._avif")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.full((96, 128, 4), (200, 40, 60, 255), np.uint8)
    pixels[..., 3] = np.linspace(0, 255, 128)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "clear.avif", speed=10)
    image.convert("RGB").save(tmp_path / "plain.avif", speed=10)
    film = [image, Image.fromarray(np.ascontiguousarray(pixels[:, ::-1]))]
    film[0].save(tmp_path / "film.avif", save_all=True, append_images=film[1:], speed=10)
    return tmp_path


def test_the_opacity_of_an_avif_is_kept(folder: Path) -> None:
    with FileSource(folder / "clear.avif", realtime=False, with_alpha=True) as source:
        (frame,) = source
        write_still(folder / "out.png", frame, source.alpha)
    written = cv2.imread(str(folder / "out.png"), cv2.IMREAD_UNCHANGED)
    assert written[40, ::32, 3].tolist() == pytest.approx([0, 64, 128, 193], abs=4)  # as AV1 loses
    assert written[40, 8].tolist()[:3] == pytest.approx(
        [60, 40, 200], abs=6
    )  # its colours are not mixed with white


def test_it_is_laid_on_white_where_it_has_no_place(folder: Path) -> None:
    with FileSource(folder / "clear.avif", realtime=False) as source:
        assert source.is_laid_on_white
        (frame,) = source
    assert int(frame.y[40, 2]) > 220


def test_a_picture_without_opacity_is_handed_on_as_it_is_decoded(folder: Path) -> None:
    with Recording(folder / "plain.avif") as recording:
        assert (recording.first.format.name, recording.left_out) == ("yuv420p", [])


def test_an_opacity_that_cannot_be_read_is_told(folder: Path) -> None:
    content = bytearray((folder / "clear.avif").read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin : begin + 12] = bytes(12)  # the opacity comes first
    (folder / "damaged.avif").write_bytes(content)
    with Recording(folder / "damaged.avif") as recording:
        assert "transparency cannot be read" in recording.left_out[0]


def test_an_animation_is_read_as_one_picture_with_a_word(folder: Path) -> None:
    with Recording(folder / "film.avif") as recording:
        assert recording.left_out == ["the picture is animated, and all but the first one is left out"]
        assert len(list(recording.pictures())) == 1
