from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import ZERO, model_bytes, write_weights

from vcam.errors import ModelError
from vcam.manifest import FILE_NAME, ModelFile, manifest_text, read_checked, read_manifest, sha256_of
from vcam.model_versions import (
    KEPT,
    find_version,
    keep_replaced,
    remove_unused,
    roll_back,
    use_version,
    version_of,
    versions_of,
)


def publish(folder: Path, residual: int, name: str = "fast") -> str:
    """Publish another version as training does; returns its name."""
    replaced = keep_replaced(folder, name)
    specs, content = read_manifest(folder), model_bytes(residual)
    (folder / f"{name}.onnx").write_bytes(content)
    file = ModelFile(f"{name}.onnx", sha256_of(content), 17)
    specs[name] = replace(
        specs[name], files={"int8": file, "fp32": file}, measured={"psnr_gain": float(residual)}
    )
    (folder / FILE_NAME).write_text(manifest_text(specs, replaced))
    remove_unused(folder)
    return version_of(specs[name])


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    write_weights(folder, ["best", "fast"], ZERO)
    return folder


def test_a_manifest_that_has_replaced_nothing_is_as_it_was(weights: Path) -> None:
    assert "replaced" not in (weights / FILE_NAME).read_text()
    assert [spec.name for spec in versions_of(weights, "fast")] == ["fast"]


def test_what_is_replaced_is_kept_with_its_files_and_figures(weights: Path) -> None:
    publish(weights, ZERO + 1)
    publish(weights, ZERO + 2)
    current, last, first = versions_of(weights, "fast")
    assert (current.measured["psnr_gain"], last.measured["psnr_gain"]) == (ZERO + 2, ZERO + 1)
    for spec, residual in ((current, ZERO + 2), (last, ZERO + 1), (first, ZERO)):
        assert read_checked(weights, spec.files["int8"]) == model_bytes(residual)
    assert len(versions_of(weights, "best")) == 1


def test_the_last_three_are_kept_and_the_files_of_older_ones_removed(weights: Path) -> None:
    names = [version_of(versions_of(weights, "fast")[0])]
    names += [publish(weights, ZERO + number) for number in range(1, 6)]
    found = [version_of(spec) for spec in versions_of(weights, "fast")]
    assert found == names[: -2 - KEPT : -1]
    assert len(list(weights.glob("fast-*.onnx"))) == KEPT
    assert not list(weights.glob("*.tmp"))


def test_a_version_is_used_again_and_that_is_undone(weights: Path) -> None:
    old = version_of(versions_of(weights, "fast")[0])
    new = publish(weights, ZERO + 1)
    use_version(weights, "fast", old[:4])
    assert [version_of(spec) for spec in versions_of(weights, "fast")] == [old, new]
    assert read_checked(weights, read_manifest(weights)["fast"].files["int8"]) == model_bytes(ZERO)
    use_version(weights, "fast", new)
    assert [version_of(spec) for spec in versions_of(weights, "fast")] == [new, old]
    assert list(read_manifest(weights)) == ["best", "fast"]


def test_a_version_that_was_gone_back_from_outlives_the_next_publication(weights: Path) -> None:
    old = version_of(versions_of(weights, "fast")[0])
    newer = publish(weights, ZERO + 1)
    use_version(weights, "fast", old)
    newest = publish(weights, ZERO + 2)
    assert [version_of(spec) for spec in versions_of(weights, "fast")] == [newest, old, newer]
    for spec in versions_of(weights, "fast"):
        read_checked(weights, spec.files["int8"])


def test_a_version_whose_file_was_changed_is_not_used(weights: Path) -> None:
    publish(weights, ZERO + 1)
    old = versions_of(weights, "fast")[1]
    (weights / old.files["int8"].name).write_bytes(b"changed")
    before = (weights / FILE_NAME).read_bytes()
    with pytest.raises(ModelError, match="is not the published file"):
        use_version(weights, "fast", version_of(old))
    assert (weights / FILE_NAME).read_bytes() == before


def test_a_version_that_is_not_there_is_refused_with_those_that_are(weights: Path) -> None:
    version = version_of(versions_of(weights, "fast")[0])
    with pytest.raises(ModelError, match=f"no version of fast begins with 'zz'; choose one of: {version}"):
        find_version(weights, "fast", "zz")
    with pytest.raises(ModelError, match=r"no model 'slow' in .*; choose one of: best, fast"):
        versions_of(weights, "slow")
    with pytest.raises(ModelError, match="is in use already"):
        use_version(weights, "fast", version)


def test_going_back_takes_what_was_replaced_last_and_can_be_undone(weights: Path) -> None:
    first = version_of(versions_of(weights, "fast")[0])
    second = publish(weights, ZERO + 1)
    assert version_of(roll_back(weights, "fast")) == first
    assert version_of(roll_back(weights, "fast")) == second
    with pytest.raises(ModelError, match="no version of best was replaced yet"):
        roll_back(weights, "best")
