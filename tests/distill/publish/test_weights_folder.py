import errno
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from distill.publish.weights_folder import (
    Candidate,
    make_candidate,
    publish_candidate,
    published,
    with_file,
    write_candidate,
)
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked, read_manifest, sha256_of
from vcam.model_versions import roll_back, use_version, version_of, versions_of


def onnx_bytes(opset: int = 17) -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.UINT8, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    graph.output[0].name = "y"
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString()


def candidate(name: str = "fast", macs: float = 288.0) -> Candidate:
    spec = ModelSpec(name, 4, macs, {}, recipe="r", data="d", commit="c")
    return make_candidate(spec, {"int8": onnx_bytes(), "fp32": onnx_bytes(18)})


def test_files_are_named_hashed_and_know_their_opset() -> None:
    files = candidate().spec.files
    assert [files[precision].name for precision in files] == ["fast-int8.onnx", "fast-fp32.onnx"]
    assert files["int8"].sha256 == sha256_of(onnx_bytes())
    assert [files[precision].opset for precision in files] == [17, 18]


def test_what_is_published_can_be_read_and_checked(tmp_path: Path) -> None:
    made = candidate()
    write_candidate(made, tmp_path / "weights")
    (spec,) = read_manifest(tmp_path / "weights").values()
    assert spec == made.spec
    assert read_checked(tmp_path / "weights", spec.files["int8"]) == made.contents["int8"]


def test_other_models_stay_and_the_dearest_comes_first(tmp_path: Path) -> None:
    write_candidate(candidate("fast", 288), tmp_path)
    others = list(published(tmp_path).values())
    write_candidate(candidate("best", 2304), tmp_path, others)
    assert list(published(tmp_path)) == ["best", "fast"]


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    write_candidate(candidate(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"fast-int8.onnx", "fast-fp32.onnx", "manifest.json"}


def test_before_the_first_publication_there_is_nothing(tmp_path: Path) -> None:
    assert published(tmp_path) == {}


def test_a_damaged_manifest_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match="cannot read"):
        published(tmp_path)


def test_a_full_disk_leaves_what_was_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_candidate(candidate(), tmp_path)
    before = published(tmp_path)
    write_bytes = Path.write_bytes
    room = iter([True, False])

    def write_while_there_is_room(path: Path, content: bytes) -> int:
        if not next(room):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write_bytes(path, content)

    changed = make_candidate(candidate().spec, {"int8": onnx_bytes(16), "fp32": onnx_bytes(16)})
    monkeypatch.setattr(Path, "write_bytes", write_while_there_is_room)
    with pytest.raises(OSError, match="No space left"):
        write_candidate(changed, tmp_path)
    assert published(tmp_path) == before
    for file in before["fast"].files.values():
        read_checked(tmp_path, file)


def test_a_part_that_is_fitted_again_after_a_rollback_leaves_the_newer_version_whole(tmp_path: Path) -> None:
    spec = candidate().spec
    old, new = (
        make_candidate(spec, {"int8": onnx_bytes(opset), "confidence": onnx_bytes(opset)})
        for opset in (14, 15)
    )
    for each in (old, new):
        publish_candidate(each, {}, tmp_path)
    current = roll_back(tmp_path, "fast")
    again = with_file(Candidate(current, {}), "confidence", onnx_bytes(16))
    publish_candidate(again, {}, tmp_path, is_version=False)
    used, replaced = versions_of(tmp_path, "fast")
    assert read_checked(tmp_path, used.files["int8"]) == onnx_bytes(14)
    assert read_checked(tmp_path, used.files["confidence"]) == onnx_bytes(16)
    assert version_of(use_version(tmp_path, "fast", version_of(replaced))) == version_of(new.spec)


def test_a_way_back_is_named_only_where_a_version_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_candidate(candidate(), {}, tmp_path)
    first = capsys.readouterr().out
    publish_candidate(candidate(), {}, tmp_path)
    second = capsys.readouterr().out
    publish_candidate(candidate(), {}, tmp_path, is_version=False)
    third = capsys.readouterr().out
    assert first == third == f"published fast in {tmp_path}\n"
    assert second == f"published fast in {tmp_path}; to undo it: sharpkd model rollback fast\n"
