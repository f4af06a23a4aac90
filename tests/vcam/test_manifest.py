import copy
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from stand_in import write_weights

from vcam.errors import ModelError
from vcam.manifest import (
    FILE_NAME,
    ModelFile,
    ModelSpec,
    manifest_text,
    read_checked,
    read_manifest,
    sha256_of,
    weights_folder,
)

CONTENT = b"an ONNX file"
FILE = ModelFile("fast-int8.onnx", sha256_of(CONTENT), 17)
MEASURED = {"psnr_gain": 0.5}
FAST = ModelSpec(
    "fast", 4, 288.0, {"int8": FILE}, 2, 2, True, 5, "recipe", "data", "abc", MEASURED, chroma=(0.0, 1.5)
)
BEST = ModelSpec("best", 4, 999.0, {"int8": ModelFile("best-int8.onnx", "0" * 64, 17)})


def write(folder: Path, content: object) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / FILE_NAME).write_text(text, errors="surrogateescape")
    return folder


def entry(**changes: Any) -> dict[str, Any]:
    file = {"name": FILE.name, "sha256": FILE.sha256, "opset": 17}
    plain = {"name": "fast", "cell": 4, "macs_per_pixel": 288.0, "files": {"int8": file}}
    return {key: value for key, value in (plain | changes).items() if value is not None}


def manifest(**changes: Any) -> dict[str, Any]:
    return {"schema": 1, "models": [entry(**changes)]}


def refusal(folder: Path) -> str:
    """The message with which the folder is refused; it is one line and names the remedy."""
    with pytest.raises(ModelError) as caught:
        read_manifest(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert "make distill" in message
    return message


def test_what_is_written_is_read_back_in_its_order(tmp_path: Path) -> None:
    write(tmp_path, manifest_text({"best": BEST, "fast": FAST}))
    read = read_manifest(tmp_path)
    assert list(read) == ["best", "fast"]
    assert read == {"best": BEST, "fast": FAST}


def test_the_optional_entries_may_be_left_out(tmp_path: Path) -> None:
    assert read_manifest(write(tmp_path, manifest()))["fast"] == ModelSpec("fast", 4, 288.0, {"int8": FILE})


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    assert f"no {tmp_path / FILE_NAME}" in refusal(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "\x00", "[" * 100_000, '{"schema": ' + "9" * 5000 + "}", "\udcff", " " * (1 << 20) + "{}"],
)
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    assert "cannot read" in refusal(write(tmp_path, text))


def test_another_schema_is_refused(tmp_path: Path) -> None:
    assert "schema is 2, expected 1" in refusal(write(tmp_path, manifest() | {"schema": 2}))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({}, "schema"),
        ([], ""),
        ({"schema": 1}, "models"),
        ({"schema": 1, "models": 3}, ""),
        ({"schema": 1, "models": ["fast"]}, ""),
        (manifest(gain=3), "gain"),
        (manifest(cell=None), "cell"),
        (manifest(files=None), "files"),
        (manifest(files=["fast-int8.onnx"]), "files"),
        (manifest(files={"int8": {"name": "x", "sha256": "0", "opset": 17, "size": 9}}), "size"),
        (manifest(files={"int8": {"name": "x"}}), "sha256"),
        (manifest(cell=3), "cell"),
        (manifest(cell="4"), "cell"),
        (manifest(cell=[]), "cell"),
        (manifest(cell=4.0), "cell"),
        (manifest(name=7), "name"),
        (manifest(name="fast\nbest"), "name"),
        (manifest(experts="8"), "experts"),
        (manifest(experts=True), "experts"),
        (manifest(experts=-1), "experts"),
        (manifest(reach=10**400), "reach"),
        (manifest(macs_per_pixel=10**400), "macs_per_pixel"),
        (manifest(macs_per_pixel=float("nan")), "macs_per_pixel"),
        (manifest(measured={"psnr_gain": "0.5"}), "psnr_gain"),
        (manifest(measured=[1]), "measured"),
        (manifest(recipe={}), "recipe"),
        (manifest(chroma=0.5), "chroma"),
        (manifest(experts=1, chroma=["0.5"]), "chroma"),
        (manifest(experts=1, chroma=[-0.1]), "chroma"),
        (manifest(experts=1, chroma=[2.1]), "chroma"),
        (manifest(experts=1, chroma=[float("nan")]), "chroma"),
        (manifest(experts=2, chroma=[0.5]), "one for each of the experts"),
        (manifest(chroma=[0.5]), "one for each of the experts"),
        (manifest(files={"int8": {"name": "../../x", "sha256": "0", "opset": 17}}), "name"),
        (manifest(files={"int8": {"name": "x", "sha256": 0, "opset": 17}}), "sha256"),
        (manifest(files={"int8": {"name": "x", "sha256": "0", "opset": 10**400}}), "opset"),
        ({"schema": 1, "models": [entry(), entry()]}, "same name"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, content: object, word: str) -> None:
    assert word in refusal(write(tmp_path, content))


def test_a_file_that_is_what_the_manifest_says_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(CONTENT)
    assert read_checked(tmp_path, FILE) == CONTENT


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"cannot read the model .*fast-int8.onnx: No such file .*git checkout"
    ):
        read_checked(tmp_path, FILE)


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"\0", b"An ONNX file"])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE.name).write_bytes(content)
    with pytest.raises(ModelError, match=f"is not the published file: .* expected {FILE.sha256[:12]}"):
        read_checked(tmp_path, FILE)


def test_the_sha256_is_the_known_one() -> None:
    assert sha256_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_checkout_has_its_weights_beside_the_package(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    assert weights_folder(tmp_path / "vcam") == tmp_path / "weights"


def test_an_installed_package_has_its_weights_inside(tmp_path: Path) -> None:
    """What else lies in site-packages may have a folder of that name."""
    for folder in (tmp_path, tmp_path / "vcam"):
        write_weights(folder / "weights", ["still"])
    assert weights_folder(tmp_path / "vcam") == tmp_path / "vcam" / "weights"


def test_the_weights_folder_is_named_even_if_there_is_none(tmp_path: Path) -> None:
    assert weights_folder(tmp_path / "vcam") == tmp_path / "weights"


@pytest.mark.parametrize("name", [FILE_NAME, FILE.name])
def test_a_pipe_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """Reading one waits for whoever writes into it, for ever."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelError, match="a pipe or a device, expected a regular file"):
        read_manifest(tmp_path) if name == FILE_NAME else read_checked(tmp_path, FILE)


@pytest.mark.parametrize("name", [FILE_NAME, FILE.name])
def test_a_huge_file_is_refused_unread(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(ModelError, match=r"larger than \d+ bytes"):
        read_manifest(tmp_path) if name == FILE_NAME else read_checked(tmp_path, FILE)


def test_the_shipped_manifest_is_read() -> None:
    assert list(read_manifest(weights_folder())) == ["wide", "best", "fast"]


def places(value: object, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The roads to each value in JSON."""
    yield so_far
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*so_far, key))


ODD = [None, True, 0, -1, 1.5, 10**400, float("inf"), "", "x" * 9999, [], {}, [[]]]


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:12])
def test_any_value_of_another_kind_is_taken_or_refused_in_a_sentence(tmp_path: Path, value: object) -> None:
    whole = json.loads(manifest_text({"fast": FAST}))
    for road in places(whole):
        changed = copy.deepcopy({"root": whole})
        place: Any = changed
        for key in ("root", *road)[:-1]:
            place = place[key]
        place[("root", *road)[-1]] = value
        write(tmp_path, changed["root"])
        with suppress(ModelError):
            assert isinstance(read_manifest(tmp_path), dict)
