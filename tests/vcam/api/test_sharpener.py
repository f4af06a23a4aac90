import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from talking_head import Film

import vcam
from vcam import cli
from vcam.conversion.opencv import to_bgr

SIZE = (96, 64)


@pytest.fixture(scope="module")
def sharp() -> vcam.Sharpener:
    return vcam.Sharpener("fast", provider="cpu")


@pytest.fixture(scope="module")
def face(film: Film) -> Any:
    """(64, 96, 3) BGR."""
    return cv2.GaussianBlur(to_bgr(film(1, SIZE)[0]), (0, 0), 1.2)


def enhance(picture: Any, folder: Path, *options: str) -> Any:
    """What `sharpkd enhance` makes of a picture that is stored without loss."""
    cv2.imwrite(str(folder / "in.png"), picture)
    command = ["enhance", f"{folder}/in.png", f"{folder}/out.png", "--model", "fast", "--provider", "cpu"]
    assert cli.main([*command, *options]) == 0
    return cv2.imread(str(folder / "out.png"), cv2.IMREAD_UNCHANGED)


def with_alpha(face: Any) -> Any:
    return np.dstack((face, np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))))


def opaque(face: Any) -> Any:
    return np.dstack((face, np.full(face.shape[:2], 255, np.uint8)))


def grey(face: Any) -> Any:
    return np.ascontiguousarray(face[..., 1])


def odd(face: Any) -> Any:
    return face[:63, :95]


def as_it_is(face: Any) -> Any:
    return face


@pytest.mark.parametrize("make", [as_it_is, with_alpha, opaque, odd])
def test_a_picture_is_restored_as_the_command_restores_its_file(
    make: Callable[[Any], Any], sharp: vcam.Sharpener, face: Any, tmp_path: Path
) -> None:
    picture = make(face)
    given, made = sharp(picture), enhance(picture, tmp_path)
    assert np.array_equal(given[..., : made.shape[-1]], made)


def test_a_grey_picture_is_restored_as_the_command_restores_its_file(
    sharp: vcam.Sharpener, face: Any, tmp_path: Path
) -> None:
    assert np.array_equal(sharp(grey(face)), enhance(grey(face), tmp_path)[..., 1])


def test_settings_are_those_of_the_command(sharp: vcam.Sharpener, face: Any, tmp_path: Path) -> None:
    options = ("--scale", "1.5", "--strength", "0.6", "--crispness", "1")
    given = sharp(face, scale=1.5, strength=0.6, crispness=1)
    assert np.array_equal(given, enhance(face, tmp_path, *options))
    assert not np.array_equal(given, sharp(face, scale=1.5))


def test_what_comes_is_what_is_given_back(sharp: vcam.Sharpener, face: Any, film: Film) -> None:
    colour = sharp(face)
    assert colour.shape == (128, 192, 3)
    assert colour.flags["C_CONTIGUOUS"]
    assert sharp(grey(face)).shape == (128, 192)
    assert sharp(grey(face)[..., None]).shape == (128, 192, 1)
    assert sharp(with_alpha(face)).shape == (128, 192, 4)
    frame = film(2, SIZE)[1]
    assert (sharp(frame).size, sharp(frame).index) == ((192, 128), frame.index)


def test_an_array_of_rgb_is_restored_as_one_of_bgr(sharp: vcam.Sharpener, face: Any) -> None:
    assert np.array_equal(sharp(face[..., ::-1], order="rgb"), sharp(face)[..., ::-1])


def test_the_picture_itself_stays_as_it_is(sharp: vcam.Sharpener, face: Any) -> None:
    picture = face.copy()
    sharp(picture)
    assert np.array_equal(picture, face)


def test_a_pillow_image_keeps_its_mode_and_what_it_says_of_itself(sharp: vcam.Sharpener, face: Any) -> None:
    image = Image.fromarray(face[..., ::-1])
    image.info["icc_profile"] = b"profile"
    restored = sharp(image)
    assert (restored.mode, restored.size, restored.info) == ("RGB", (192, 128), {"icc_profile": b"profile"})
    assert np.array_equal(np.asarray(restored), sharp(face)[..., ::-1])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("L", "L"), ("LA", "LA"), ("RGBA", "RGBA"), ("P", "RGB"), ("1", "L"), ("CMYK", "RGB"), ("YCbCr", "RGB")],
)
def test_pillow_images_of_all_modes_of_8_bits(
    sharp: vcam.Sharpener, face: Any, mode: str, expected: str
) -> None:
    assert sharp(Image.fromarray(face[..., ::-1]).convert(mode)).mode == expected


def test_a_palette_with_a_transparent_colour_is_given_back_with_opacity(sharp: vcam.Sharpener) -> None:
    image = Image.new("P", SIZE, 0)
    image.info["transparency"] = 0
    restored = sharp(image)
    assert (restored.mode, restored.getpixel((5, 5))[3]) == ("RGBA", 0)
    assert "transparency" not in restored.info


@pytest.mark.parametrize(
    ("picture", "kind", "message"),
    [
        ("face.jpg", TypeError, "the picture is str, expected a numpy array, a PIL image or a vcam.Frame"),
        (np.zeros((64, 96, 3), np.float32), ValueError, "of float32, expected uint8"),
        (np.zeros((64, 96, 3), np.uint16), ValueError, "of uint16, expected uint8"),
        (np.zeros((3, 64, 96), np.uint8), ValueError, r"the shape \(3, 64, 96\), expected \(H, W\)"),
        (np.zeros((2, 64, 96, 3), np.uint8), ValueError, r"the shape \(2, 64, 96, 3\)"),
        (np.zeros((64,), np.uint8), ValueError, r"the shape \(64,\)"),
        (np.zeros((0, 0, 3), np.uint8), ValueError, "is 0x0, expected sides of 16..8192"),
        (np.zeros((15, 96, 3), np.uint8), ValueError, "is 96x15, expected sides of 16..8192"),
        (Image.new("I;16", SIZE), ValueError, "of mode I;16, expected 8 bits"),
    ],
)
def test_what_is_no_picture_is_refused(
    picture: Any, kind: type[Exception], message: str, sharp: vcam.Sharpener
) -> None:
    with pytest.raises(kind, match=message):
        sharp(picture)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"size": (640, 480), "scale": 2}, ValueError, "leave one out"),
        ({"size": (641, 480)}, ValueError, "must be even"),
        ({"size": (3840, 2160)}, ValueError, "too large, expected at most 1920x1080"),
        ({"size": (640.0, 480.0)}, TypeError, "integer"),
        ({"scale": 0}, ValueError, "not a number above 0"),
        ({"scale": float("nan")}, ValueError, "not a number above 0"),
        ({"scale": 40}, ValueError, "use at most scale"),
        ({"strength": 2}, ValueError, r"strength 2 is outside 0\.\.1"),
        ({"crispness": -1}, ValueError, r"crispness -1 is outside 0\.\.1"),
        ({"order": "RGB"}, ValueError, "order 'RGB': expected"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    options: dict[str, Any], kind: type[Exception], message: str, sharp: vcam.Sharpener, face: Any
) -> None:
    with pytest.raises(kind, match=message):
        sharp(face, **options)


def test_a_sharpener_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(vcam.ModelError, match=r"no model 'fats'.*fast"):
        vcam.Sharpener("fats")
    with pytest.raises(vcam.ModelError, match=r"manifest\.json"):
        vcam.Sharpener(weights=tmp_path)
    with pytest.raises(ValueError, match=r"denoise nan is outside 0\.\.1"):
        vcam.Sharpener(denoise=float("nan"))


def test_several_threads_may_share_one(sharp: vcam.Sharpener, film: Film) -> None:
    pictures = [to_bgr(frame) for frame in film(8, SIZE)]
    alone = [sharp(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(sharp, pictures))
    assert all(map(np.array_equal, alone, together))


def test_the_best_model_is_used_unless_another_one_is_named(sharp: vcam.Sharpener) -> None:
    assert vcam.Sharpener().model == vcam.models()[0] == "wide"
    assert (sharp.model, sharp.provider) == ("fast", "CPUExecutionProvider")


def loaded_by(program: str) -> set[str]:
    """The packages that a program has loaded at its end."""
    look = f"{program}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    found = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )
    return set(found.stdout.split())


def test_an_import_is_light() -> None:
    assert not loaded_by("import vcam; dir(vcam)") & {"numpy", "cv2", "av", "onnxruntime", "pydantic"}
    assert not loaded_by("from vcam import *; Sharpener") & {"onnxruntime", "pydantic", "PIL"}


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(hasattr(vcam, name) for name in vcam.__all__)
    assert set(vcam.__all__) <= set(dir(vcam))
    with pytest.raises(AttributeError, match="no attribute 'Sharpner'"):
        vcam.Sharpner  # type: ignore[attr-defined]  # noqa: B018
