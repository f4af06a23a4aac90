"""The weights folder: the files of all published students, with one manifest."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from vcam.errors import ModelError
from vcam.manifest import (
    FILE_NAME,
    ModelFile,
    ModelSpec,
    manifest_text,
    read_manifest,
    sha256_of,
)
from vcam.model_versions import keep_overwritten, keep_replaced, remove_unused


@dataclass(frozen=True)
class Candidate:
    """An exported student that may be published."""

    spec: ModelSpec  # its files are named, hashed and measured
    contents: Mapping[str, bytes]  # precision -> ONNX file


def make_candidate(spec: ModelSpec, contents: Mapping[str, bytes]) -> Candidate:
    """Name and hash a student's files: NAME-PRECISION.onnx."""
    candidate = Candidate(replace(spec, files={}), {})
    for precision, content in contents.items():
        candidate = with_file(candidate, precision, content)
    return candidate


def with_file(candidate: Candidate, kind: str, content: bytes) -> Candidate:
    """The candidate with one more file, or another one of this kind: NAME-KIND.onnx."""
    file = ModelFile(f"{candidate.spec.name}-{kind}.onnx", sha256_of(content), _opset(content))
    spec = replace(candidate.spec, files={**candidate.spec.files, kind: file})
    return Candidate(spec, {**candidate.contents, kind: content})


def _opset(content: bytes) -> int:
    model = onnx.load_from_string(content)
    return next(entry.version for entry in model.opset_import if not entry.domain)


def stage_candidate(candidate: Candidate, build: Path) -> Path:
    """Write a candidate's files to a folder where it is evaluated as shipped. Returns BUILD/NAME/weights."""
    staging = build / candidate.spec.name / "weights"
    write_candidate(candidate, staging)
    return staging


def publish_candidate(
    candidate: Candidate, measured: Mapping[str, float], weights: Path, is_version: bool = True
) -> None:
    """Write a candidate's files and the manifest; a version of its own keeps the one that it replaces.

    candidate    without contents, it only changes what the manifest says of the model
    measured     its scores for the manifest
    is_version   False: nothing is kept of what it replaces; older versions stay as they are
    """
    others = published(weights)
    others.pop(candidate.spec.name, None)
    spec = replace(candidate.spec, measured=measured)
    if is_version:
        replaced = keep_replaced(weights, spec.name)
    else:
        replaced = keep_overwritten(weights, [spec.files[kind].name for kind in candidate.contents])
    write_candidate(replace(candidate, spec=spec), weights, list(others.values()), replaced)
    remove_unused(weights)
    is_kept = is_version and any(version.name == spec.name for version in replaced)
    remedy = f"; to undo it: sharpkd model rollback {spec.name}" if is_kept else ""
    print(f"published {spec.name} in {weights}{remedy}")


def write_candidate(
    candidate: Candidate,
    folder: Path,
    others: Sequence[ModelSpec] = (),
    replaced: Sequence[ModelSpec] = (),
) -> None:
    """Write the candidate's files and a manifest of it, `others` and `replaced` versions.

    All files are written before the first is renamed, the manifest last: on a full disk the old ones stay.
    Models are listed by cost, the most expensive first: the order in which a daemon tries them.
    """
    specs = sorted((candidate.spec, *others), key=lambda spec: -spec.macs_per_pixel)
    files = {
        candidate.spec.files[precision].name: content for precision, content in candidate.contents.items()
    }
    files[FILE_NAME] = manifest_text({spec.name: spec for spec in specs}, replaced).encode()
    replace_files(folder, files)


def replace_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by name, into a folder: all to temporary names first, then renamed in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.tmp").write_bytes(content)
    for name in contents:
        os.replace(folder / f"{name}.tmp", folder / name)


def published(folder: Path) -> dict[str, ModelSpec]:
    """The published models; empty if the folder has no manifest yet."""
    return read_manifest(folder) if (folder / FILE_NAME).exists() else {}


def find_published(folder: Path, name: str) -> ModelSpec:
    """The published model of a name. Raises ModelError if there is none."""
    models = published(folder)
    if name not in models:
        raise ModelError(f"no model {name!r} is published in {folder}; run: make distill RECIPE={name}")
    return models[name]
