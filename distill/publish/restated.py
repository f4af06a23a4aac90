"""Records written again from their networks' files and today's recipes: titles, claims, planned length."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from distill.publish.weights_folder import replace_files
from distill.recipe import list_recipes, list_teachers, load_recipe
from vcam.errors import ModelError
from vcam.manifest import sha256_of


def restate(folder: Path) -> list[str]:
    """Write the records of a folder again where they differ from `restated`; returns the names of these."""
    changed = []
    for path in sorted(folder.glob("*.json")):
        old = path.read_text(encoding="utf-8")
        new = json.dumps(restated(path), indent=1) + "\n"
        if new != old:
            replace_files(folder, {path.name: new.encode()})
            changed.append(path.stem)
    return changed


def restated(path: Path) -> dict[str, Any]:
    """A record with what its network's file says of the run, and what its recipe says of the system.

    Scores, curve and times stay: only a run can tell them. A record without a file, or whose recipe is not
    one of ours, keeps what it says. Raises ModelError if the record or its network's file is damaged, or if
    the file is not the record's.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = _of_file(path.with_name(record["onnx"]), record["sha256"]) if record["onnx"] else {}
        return record | told | _of_recipe(str(record["name"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is not a valid record of a recipe: {error!r}; "
            f"run: python -m distill run --recipe {path.stem}"
        ) from None


def _of_file(path: Path, sha256: str) -> dict[str, Any]:
    content = path.read_bytes()
    if (found := sha256_of(content)) != sha256:
        raise ModelError(
            f"{path} has the sha256 {found}, its record expects {sha256}; restore both from one publication"
        )
    facts = {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}
    recipe = json.loads(facts["recipe"])
    return {"commit": facts["commit"], "planned": recipe["training"]["iterations"]}


def _of_recipe(name: str) -> dict[str, Any]:
    if name not in (*list_recipes(), *list_teachers()):
        return {}
    recipe = load_recipe(name)
    return {"title": recipe.title, "claims": [asdict(claim) for claim in recipe.claims]}
