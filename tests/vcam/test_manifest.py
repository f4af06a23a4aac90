import json
from pathlib import Path
from typing import Any

import pytest

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
FAST = ModelSpec("fast", 4, 288.0, {"int8": FILE}, "recipe", "data", "abc", {"psnr_gain": 0.5})
BEST = ModelSpec("best", 4, 999.0, {"int8": ModelFile("best-int8.onnx", "0" * 64, 17)})


def write(folder: Path, content: object) -> Path:
    (folder / FILE_NAME).write_text(content if isinstance(content, str) else json.dumps(content))
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


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    assert "cannot read" in refusal(write(tmp_path, text))


def test_another_schema_is_refused(tmp_path: Path) -> None:
    assert "has schema 2, expected 1" in refusal(write(tmp_path, manifest() | {"schema": 2}))


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


def test_the_weights_folder_is_named_even_if_there_is_none() -> None:
    assert weights_folder().name == "weights"
