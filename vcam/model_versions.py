"""The versions of a published model in the weights folder: the one in use, and the last ones it replaced."""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from vcam.errors import ModelError
from vcam.manifest import (
    FILE_NAME,
    ModelFile,
    ModelSpec,
    manifest_text,
    read_checked,
    read_manifest,
    read_replaced,
)

KEPT = 3  # replaced versions of each model
DIGITS = 8  # of a version: the first of its int8 file's sha256
KEPT_NAME = re.compile(rf".*-[0-9a-f]{{{DIGITS}}}\.onnx")


def version_of(spec: ModelSpec) -> str:
    """What a version is called: eight hexadecimal digits."""
    file = spec.files.get("int8") or next(iter(spec.files.values()))
    return file.sha256[:DIGITS]


def versions_of(folder: Path, name: str) -> list[ModelSpec]:
    """The versions of a model: the one in use, then the replaced ones, the last one first.

    Raises ModelError if there is no such model.
    """
    specs = read_manifest(folder)
    if name not in specs:
        raise ModelError(f"no model {name!r} in {folder}; choose one of: {', '.join(specs)}")
    return [specs[name], *(spec for spec in read_replaced(folder) if spec.name == name)]


def find_version(folder: Path, name: str, version: str) -> ModelSpec:
    """A version by the first digits of its name. Raises ModelError if there is none, or more than one."""
    versions = versions_of(folder, name)
    found = [spec for spec in versions if version_of(spec).startswith(version)]
    if len(found) != 1:
        known = ", ".join(version_of(spec) for spec in versions)
        begin = f"{len(found)} versions of {name} begin" if found else f"no version of {name} begins"
        raise ModelError(f"{begin} with {version!r}; choose one of: {known}")
    return found[0]


def use_version(folder: Path, name: str, version: str) -> ModelSpec:
    """Use a version of a model; the one in use becomes the last replaced one.

    One file is replaced, the manifest, so that a camera sees either version, whole. Raises ModelError if
    there is no such version, if its files are not what they were, or if the folder cannot be written.
    """
    chosen, current = find_version(folder, name, version), read_manifest(folder)[name]
    if chosen == current:
        raise ModelError(f"version {version_of(chosen)} of {name} is in use already")
    for file in chosen.files.values():
        read_checked(folder, file)
    others = [spec for spec in read_replaced(folder) if spec != chosen]
    models = {**read_manifest(folder), name: chosen}
    _write_manifest(folder, manifest_text(models, [current, *others]))
    return chosen


def roll_back(folder: Path, name: str) -> ModelSpec:
    """Use the version that was replaced last. Raises ModelError if there is none, or as `use_version`."""
    versions = versions_of(folder, name)
    if len(versions) < 2:
        raise ModelError(f"no version of {name} was replaced yet, so that there is none to go back to")
    return use_version(folder, name, version_of(versions[1]))


def keep_replaced(folder: Path, name: str) -> list[ModelSpec]:
    """All replaced versions, once another version of a model is published: the one in use becomes the first.

    Its files are copied to names of their own, which the publication does not write to. The oldest of more
    than KEPT are left out.
    """
    if not (folder / FILE_NAME).exists():
        return []
    specs, replaced = read_manifest(folder), read_replaced(folder)
    current = [specs[name]] if name in specs else []
    mine = [spec for spec in (*current, *replaced) if spec.name == name][:KEPT]
    return [*(_keep_files(folder, spec) for spec in mine), *(spec for spec in replaced if spec.name != name)]


def keep_overwritten(folder: Path, names: Collection[str]) -> list[ModelSpec]:
    """All replaced versions, once files of these names are written into the folder.

    After a rollback, the files of a replaced version have plain names: they are copied to names of their own.
    """
    replaced = read_replaced(folder) if (folder / FILE_NAME).exists() else []
    return [_keep_files(folder, spec, names) for spec in replaced]


def _keep_files(folder: Path, spec: ModelSpec, names: Collection[str] | None = None) -> ModelSpec:
    """The version with copies of its files, or of those with these names, under names of their own."""
    kept = {
        kind: _keep_file(folder, file) if names is None or file.name in names else file
        for kind, file in spec.files.items()
    }
    return replace(spec, files=kept)


def _keep_file(folder: Path, file: ModelFile) -> ModelFile:
    if KEPT_NAME.fullmatch(file.name):
        return file
    kept = replace(file, name=f"{Path(file.name).stem}-{file.sha256[:DIGITS]}.onnx")
    temporary = folder / f"{kept.name}.tmp"
    temporary.write_bytes(read_checked(folder, file))
    os.replace(temporary, folder / kept.name)
    return kept


def remove_unused(folder: Path) -> None:
    """Remove the kept files that no version in the manifest names any more."""
    named = {
        file.name for spec in _all(read_manifest(folder).values(), read_replaced(folder)) for file in spec
    }
    for path in folder.glob("*.onnx"):
        if KEPT_NAME.fullmatch(path.name) and path.name not in named:
            path.unlink(missing_ok=True)


def _all(*specs: Iterable[ModelSpec]) -> Iterable[Iterable[ModelFile]]:
    return (spec.files.values() for each in specs for spec in each)


def _write_manifest(folder: Path, text: str) -> None:
    temporary = folder / f"{FILE_NAME}.tmp"
    try:
        temporary.write_text(text)
        os.replace(temporary, folder / FILE_NAME)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ModelError(
            f"cannot write {folder / FILE_NAME}: {error.strerror}; use a folder of your own, a copy of it: "
            "--weights DIR, and the setting weights"
        ) from None
