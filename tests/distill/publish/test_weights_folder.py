import errno
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from distill.publish.weights_folder import (
    Candidate,
    check_better,
    check_look,
    make_candidate,
    published,
    write_candidate,
)
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked, read_manifest, sha256_of

GOOD = {"psnr_gain": 0.5, "ssim_gain": 0.01, "worst_psnr_gain": 0.1}


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


def test_the_first_good_student_is_published() -> None:
    check_better(GOOD, None, clean_psnr=48)


def test_a_better_student_takes_the_place_of_a_worse() -> None:
    check_better(GOOD, GOOD | {"psnr_gain": 0.4}, clean_psnr=48)


@pytest.mark.parametrize(
    ("new", "old", "clean_psnr", "words"),
    [
        (GOOD | {"psnr_gain": -0.1}, None, 48, r"gains -0.100 dB and \+0.0100 SSIM .*train for longer"),
        (GOOD | {"psnr_gain": 0.0}, None, 48, "expected more than 0"),
        (GOOD | {"ssim_gain": -0.001}, None, 48, "expected more than 0"),
        (GOOD | {"psnr_gain": float("nan")}, None, 48, "expected more than 0"),
        (GOOD, GOOD, 48, r"\+0.500 dB on the held-out clips, the published one has \+0.500 dB"),
        (GOOD, GOOD | {"psnr_gain": 0.6}, 48, r"the published one has \+0.600 dB"),
        (GOOD, None, 44.9, "a clean picture comes out at 44.9 dB of itself, expected at least 45"),
        (GOOD, None, float("nan"), "a clean picture comes out at nan dB"),
    ],
)
def test_a_worse_student_is_not_published(
    new: dict[str, float], old: dict[str, float] | None, clean_psnr: float, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        check_better(new, old, clean_psnr)
    assert str(caught.value).startswith("not published: ")
    assert "\n" not in str(caught.value)


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


@pytest.mark.parametrize(
    ("faithful", "crisp", "clean", "words"),
    [
        (GOOD | {"psnr_gain": 0.47}, GOOD, 50.0, r"faithful one gains 0\.030 dB less"),
        (GOOD | {"psnr_gain": float("nan")}, GOOD, 50.0, "faithful one gains nan dB less"),
        (GOOD, GOOD | {"psnr_gain": -0.01}, 50.0, r"crisp look gains -0\.010 dB"),
        (GOOD, GOOD, 44.9, r"clean picture comes out at 44\.9 dB"),
    ],
)
def test_a_look_that_makes_a_model_worse_is_refused(
    faithful: dict[str, float], crisp: dict[str, float], clean: float, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        check_look(faithful, crisp, GOOD, clean)


def test_a_look_may_cost_the_other_a_rounding() -> None:
    check_look(GOOD | {"psnr_gain": 0.49}, GOOD | {"psnr_gain": 0.0}, GOOD, 45.0)
