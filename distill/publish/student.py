"""From a trained student to the camera's weights: export, evaluate as shipped, publish if better."""

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from torch import nn

from distill.data.pack import Samples
from distill.data.splits import SAMPLES, held_out
from distill.evaluate.machine import current_commit
from distill.export.cells import check_parity, export_fp32, export_gauge, export_int8
from distill.networks.condnet import CondNet, join_looks
from distill.networks.cost import macs_per_pixel
from distill.publish.comparison import compare, open_model, print_excused
from distill.publish.fits import with_fits
from distill.publish.gate import check_better, check_crisp, check_kept, check_look, check_looks
from distill.publish.judgement import Judge, open_judge
from distill.publish.weights_folder import (
    Candidate,
    find_published,
    make_candidate,
    publish_candidate,
    published,
    stage_candidate,
    with_file,
)
from distill.recipe import Recipe
from distill.training.warm_start import read_start
from vcam.errors import ConfigError
from vcam.manifest import ModelSpec, read_checked


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
        candidate = with_fits(candidate, recipe, folders, build, weights)
    model = open_model(candidate.spec, stage_candidate(candidate, build))
    shipped = open_model(old, weights) if old else None
    found = compare(judge, model, shipped, recipe.name)
    print_excused(check_better(found.new[0], found.old[0] if found.old else None))
    if student.looks > 1:
        print_excused(check_crisp(found.new[1], found.old[1] if len(found.old) > 1 else None))
    if shipped:
        bundled = Judge(held_out(recipe.data, [SAMPLES]), recipe.data.side)
        check_kept(*compare(bundled, model, shipped, "the bundled clip"))
    publish_candidate(candidate, found.measured(), weights)


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
    find_published(weights, name)  # if it is not there, it fails before it has fitted
    candidate = _export(name, recipe, join_looks(faithful, crisp), held, folders)
    candidate = with_fits(candidate, recipe, folders, build, weights)
    judge = open_judge(recipe, folders)
    model = open_model(candidate.spec, stage_candidate(candidate, build))
    found = compare(judge, model, open_model(find_published(weights, name), weights), name)
    (new, sharp), (old, *old_sharp) = found.new, found.old
    print_excused(check_look(new, sharp, old, old_sharp[0] if old_sharp else None))
    publish_candidate(candidate, found.measured(), weights)


def _of_the_camera(recipe: Recipe, student: nn.Module) -> CondNet:
    if not isinstance(student, CondNet):
        raise ConfigError(f'recipe {recipe.name}: publish = "{recipe.publish}" needs the network "condnet"')
    return student


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
