"""From a trained student to the camera's weights: export, evaluate as shipped, publish if better."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import nn

from distill.data.pack import Samples
from distill.data.splits import SAMPLES, held_out, listed
from distill.evaluate.machine import current_commit
from distill.export.cells import check_parity, export_fp32, export_gauge, export_int8
from distill.networks.condnet import CondNet, join_looks
from distill.networks.cost import macs_per_pixel
from distill.publish.chroma import fit_chroma
from distill.publish.confidence import SCENES, fit_confidence
from distill.publish.confidence_net import ConfidenceNet, export, read_confidence
from distill.publish.gate import (
    ROUNDING_DB,
    Fault,
    check_better,
    check_crisp,
    check_harmless,
    check_kept,
    check_look,
    check_looks,
)
from distill.publish.judgement import Judge, Judgement
from distill.publish.weights_folder import (
    Candidate,
    list_replaced,
    make_candidate,
    published,
    with_file,
    write_candidate,
)
from distill.recipe import Recipe
from distill.training.warm_start import published_name, read_start, starts_from_published
from vcam.errors import ConfigError, ModelError
from vcam.manifest import ModelSpec, read_checked
from vcam.model_versions import keep_replaced, remove_unused
from vcam.restore import Engine, Model

LOOK_PREFIXES = ("", "crisp_")  # of the keys of the scores in the manifest


def release(
    recipe: Recipe,
    student: nn.Module,
    held: Samples,
    folders: Sequence[Path],
    build: Path,
    weights: Path,
    is_tuned: bool = False,
) -> None:
    """Compare the student with the published model of its name, and replace that if the student is better.

    folders   the sharp media of its training; it is evaluated on the held-out part
    build     where the candidate is staged
    is_tuned  whether it was trained on from the published model: it keeps how strongly that cleans chroma,
              and that one's confidence

    It must also not lose on the bundled clip. Raises ModelError, and publishes nothing, if it does, if it is
    no better, if it harms, or if it lacks a look that the published model has.
    """
    student = _of_the_camera(recipe, student)
    judge, old = open_judge(recipe, folders), published(weights).get(recipe.name)
    check_looks(recipe.name, student.looks, old)
    candidate = _export(recipe.name, recipe, student, held, folders)
    if is_tuned and old:
        candidate = replace(candidate, spec=replace(candidate.spec, chroma=old.chroma))
        if "confidence" in old.files:
            candidate = with_file(candidate, "confidence", read_checked(weights, old.files["confidence"]))
    else:
        candidate = _with_chroma(candidate, recipe, folders, build)
        candidate = _with_confidence(candidate, recipe, folders, build, weights)
    model = _open(candidate.spec, _stage(candidate, build))
    shipped = _open(old, weights) if old else None
    found = _compare(judge, model, shipped, recipe.name)
    _excuse(check_better(found.new[0], found.old[0] if found.old else None))
    if student.looks > 1:
        _excuse(check_crisp(found.new[1], found.old[1] if len(found.old) > 1 else None))
    if shipped:
        bundled = Judge(held_out(recipe.data, [SAMPLES]), recipe.data.side)
        check_kept(*_compare(bundled, model, shipped, "the bundled clip"))
    _publish(candidate, found.measured(), weights)


class _Compared(NamedTuple):
    """The judgements of a candidate's looks and of the published model's."""

    new: list[Judgement]
    old: list[Judgement]

    def measured(self) -> dict[str, float]:
        """The scores for the manifest, and those of the model that is replaced, on the same clips."""
        scores: dict[str, float] = {}
        for prefix, judgement in zip(LOOK_PREFIXES, self.new, strict=False):
            scores |= {f"{prefix}{key}": value for key, value in judgement.summary().items()}
        for prefix, judgement in zip(LOOK_PREFIXES, self.old, strict=False):
            scores[f"replaced_{prefix}psnr_gain"] = round(judgement.psnr_gain, 4)
        return scores


def _compare(judge: Judge, new: Model, old: Model | None, name: str) -> _Compared:
    found = _Compared(judge.looks(new), judge.looks(old) if old else [])
    for whose, judgements in ((name, found.new), ("published", found.old)):
        for judgement in judgements:
            _say(whose, judgement)
    return found


def with_look(recipe: Recipe, student: nn.Module, crisp: nn.Module | None) -> nn.Module:
    """A faithful student and its crisp look, trained after it, as one network of two looks."""
    if crisp is None:
        return student
    return join_looks(_of_the_camera(recipe, student), _of_the_camera(recipe, crisp))


def release_look(
    recipe: Recipe, student: nn.Module, held: Samples, folders: Sequence[Path], build: Path, weights: Path
) -> None:
    """Add the crisp look to the published model that a recipe was started from.

    The files are exported again from both networks. Raises ModelError if the model in `weights` was made of
    other weights than the start's: its faithful look must not change.
    """
    crisp, name = _of_the_camera(recipe, student), recipe.training.start
    faithful = copy.deepcopy(crisp)
    faithful.load_state_dict(read_start(recipe, build, print))
    if name not in published(weights):
        raise ModelError(f"no model {name!r} is published in {weights}; run: make distill RECIPE={name}")
    candidate = _export(name, recipe, join_looks(faithful, crisp), held, folders)
    candidate = _with_chroma(candidate, recipe, folders, build)
    candidate = _with_confidence(candidate, recipe, folders, build, weights)
    judge = open_judge(recipe, folders)
    found = _compare(
        judge, _open(candidate.spec, _stage(candidate, build)), _open(published(weights)[name], weights), name
    )
    (new, sharp), (old, *old_sharp) = found.new, found.old
    _excuse(check_look(new, sharp, old, old_sharp[0] if old_sharp else None))
    _publish(candidate, found.measured(), weights)


def release_chroma(recipe: Recipe, folders: Sequence[Path], weights: Path) -> None:
    """Fit the strengths of chroma cleaning for a published model again, without changing its files."""
    if recipe.name not in published(weights):
        raise ModelError(
            f"no model {recipe.name!r} is published in {weights}; run: make distill RECIPE={recipe.name}"
        )
    plain = replace(published(weights)[recipe.name], chroma=())
    spec = replace(plain, chroma=_fit_chroma(plain, weights, recipe, folders))
    judge = open_judge(recipe, folders)
    old, new = (judge(_open(each, weights), 0) for each in (plain, spec))
    _say(recipe.name, new)
    _excuse(check_harmless(new, old, ROUNDING_DB))
    kept = {key: value for key, value in new.summary().items() if "chroma" in key or "clean" in key}
    _publish(Candidate(spec, {}), {**spec.measured, **kept}, weights)


def release_confidence(
    recipe: Recipe,
    folders: Sequence[Path],
    build: Path,
    weights: Path,
    scenes: int = SCENES,
    lean: float | None = None,
) -> None:
    """Fit the confidence of a published model again, without changing its other files.

    lean  instead of fitting: by how much less is added of what is neither all nor nothing
          in the faithful look, 0..1

    Raises ModelError, and changes nothing, if it does not help, or if a look harms more than before.
    """
    spec = published(weights).get(recipe.name)
    if spec is None:
        raise ModelError(
            f"no model {recipe.name!r} is published in {weights}; run: make distill RECIPE={recipe.name}"
        )
    if lean is None:
        content = _fit_confidence(spec, weights, recipe, folders, weights, scenes)
    else:
        content = _lean(spec, weights, lean)
    if content is None:
        raise ModelError(f"not published: a confidence of {recipe.name} does not help on held-out scenes")
    kept = {kind: read_checked(weights, file) for kind, file in spec.files.items()}
    candidate = with_file(Candidate(spec, kept), "confidence", content)
    judge = open_judge(recipe, folders)
    found = _compare(
        judge, _open(candidate.spec, _stage(candidate, build)), _open(spec, weights), recipe.name
    )
    for new, old in zip(found.new, found.old, strict=True):
        _excuse(check_harmless(new, old, ROUNDING_DB))
    only = replace(candidate, contents={"confidence": content})
    _publish(only, found.measured(), weights, is_version=False)


def _lean(spec: ModelSpec, weights: Path, lean: float) -> bytes:
    if "confidence" not in spec.files:
        raise ModelError(f"{spec.name} has no confidence; fit one: python -m distill confidence")
    net = read_confidence(read_checked(weights, spec.files["confidence"]), spec.looks)
    net.lean[0] = lean
    return export(net, {"name": spec.name})


def _with_confidence(
    candidate: Candidate, recipe: Recipe, folders: Sequence[Path], build: Path, weights: Path
) -> Candidate:
    """The candidate with a confidence fitted to its residuals, if that helps."""
    content = _fit_confidence(candidate.spec, _stage(candidate, build), recipe, folders, weights)
    return candidate if content is None else with_file(candidate, "confidence", content)


def _fit_confidence(
    spec: ModelSpec,
    folder: Path,
    recipe: Recipe,
    folders: Sequence[Path],
    weights: Path,
    scenes: int = SCENES,
) -> bytes | None:
    train, held, _ = listed(recipe.data, folders)
    files = {kind: file for kind, file in spec.files.items() if kind != "confidence"}
    model = Model(replace(spec, files=files), folder, Engine("cpu"))
    start = _confidence_of_start(recipe, spec, weights)
    return fit_confidence(model, train, held, recipe.data.side, scenes, start=start)


def _confidence_of_start(recipe: Recipe, spec: ModelSpec, weights: Path) -> ConfidenceNet | None:
    """The confidence of another published model that a recipe starts from; None if there is none."""
    start = recipe.training.start
    other = published(weights).get(published_name(recipe)) if starts_from_published(start) else None
    if other is None or other.name == spec.name or "confidence" not in other.files:
        return None
    return read_confidence(read_checked(weights, other.files["confidence"]), spec.looks)


def _with_chroma(candidate: Candidate, recipe: Recipe, folders: Sequence[Path], build: Path) -> Candidate:
    """The candidate with fitted strengths of chroma cleaning, which depend on its gauge."""
    strengths = _fit_chroma(candidate.spec, _stage(candidate, build), recipe, folders)
    return replace(candidate, spec=replace(candidate.spec, chroma=strengths))


def _fit_chroma(spec: ModelSpec, folder: Path, recipe: Recipe, folders: Sequence[Path]) -> tuple[float, ...]:
    train, held, _ = listed(recipe.data, folders)
    return fit_chroma(Model(spec, folder, Engine("cpu")), train, held, recipe.data.side)


def _of_the_camera(recipe: Recipe, student: nn.Module) -> CondNet:
    if not isinstance(student, CondNet):
        raise ConfigError(f'recipe {recipe.name}: publish = "{recipe.publish}" needs the network "condnet"')
    return student


def _stage(candidate: Candidate, build: Path) -> Path:
    """Write a candidate's files to a folder where it is evaluated as shipped."""
    staging = build / candidate.spec.name / "weights"
    write_candidate(candidate, staging)
    return staging


def _publish(
    candidate: Candidate, measured: Mapping[str, float], weights: Path, is_version: bool = True
) -> None:
    """Write a candidate's files and the manifest; a version of its own keeps the one that it replaces."""
    others = published(weights)
    others.pop(candidate.spec.name, None)
    spec = replace(candidate.spec, measured=measured)
    replaced = (
        keep_replaced(weights, spec.name) if candidate.contents and is_version else list_replaced(weights)
    )
    write_candidate(replace(candidate, spec=spec), weights, list(others.values()), replaced)
    remove_unused(weights)
    print(f"published {spec.name} in {weights}; to undo it: sharpkd model rollback {spec.name}")


def _export(name: str, recipe: Recipe, student: CondNet, held: Samples, folders: Sequence[Path]) -> Candidate:
    """Export a trained student: both precisions and its gauge, checked against torch."""
    spec = ModelSpec(
        name,
        cell=student.cell,
        macs_per_pixel=macs_per_pixel(student),
        files={},
        experts=student.experts // student.looks,
        looks=student.looks,
        fused=student.told is not None,
        reach=student.reach,
        recipe=json.dumps(asdict(recipe)),
        data=" ".join(folder.name for folder in folders),
        commit=current_commit(),
    )
    metadata = {"name": spec.name, "cell": str(spec.cell), "recipe": spec.recipe, "commit": spec.commit}
    contents = {
        "int8": export_int8(student, metadata),
        "fp32": export_fp32(student, metadata),
        "gauge": export_gauge(student, metadata),
    }
    sample = held.clips[0, 0, :, 0]  # (2 + K, S, S): seen, true, context
    context = sample[2:] if student.told is not None else None
    parity = check_parity(student, contents, np.ascontiguousarray(sample[0]), context)
    print("difference from torch: " + ", ".join(f"{k} {v:.2g}" for k, v in parity.items()))
    return make_candidate(spec, contents)


def open_judge(recipe: Recipe, folders: Sequence[Path]) -> Judge:
    """The evaluation on a recipe's held-out media. Raises ModelError if they are too few to judge by."""
    judge = Judge(held_out(recipe.data, folders), recipe.data.side)
    judge.check_enough()
    return judge


def _open(spec: ModelSpec, folder: Path) -> Model:
    return Model(spec, folder, Engine("cpu"))


def _say(whose: str, found: Judgement) -> None:
    print(f"{whose}, {found.look}: {json.dumps(found.summary())}")


def _excuse(faults: Sequence[Fault]) -> None:
    for fault in faults:
        print(f"excused, since the published model is worse: {fault.text}")
