"""Fit a part of a published model again: evaluate it with the new part, publish if that harms nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from distill.publish.comparison import Compared, compare, open_model, print_excused, print_scores
from distill.publish.confidence import SCENES
from distill.publish.confidence_net import export, read_confidence, set_lean
from distill.publish.fits import fit_chroma_by_recipe, fit_confidence_by_recipe
from distill.publish.gate import ROUNDING_DB, check_harmless
from distill.publish.judgement import open_judge
from distill.publish.weights_folder import (
    Candidate,
    find_published,
    publish_candidate,
    stage_candidate,
    with_file,
)
from distill.recipe import Recipe
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked


def release_chroma(recipe: Recipe, folders: Sequence[Path], weights: Path) -> None:
    """Fit the strengths of chroma cleaning for a published model again, without changing its files.

    folders   the sharp media of its training; it is evaluated on the held-out part

    Raises ModelError, and changes nothing, if the model is not published or if cleaning harms in a look.
    """
    plain = replace(find_published(weights, recipe.name), chroma=())
    spec = replace(plain, chroma=fit_chroma_by_recipe(plain, weights, recipe, folders))
    judge = open_judge(recipe, folders)
    old, new = (judge.looks(open_model(each, weights)) for each in (plain, spec))
    for after, before in zip(new, old, strict=True):
        print_scores(recipe.name, after)
        print_excused(check_harmless(after, before, ROUNDING_DB))
    kept = {key: value for key, value in spec.measured.items() if not _depends_on_chroma(key)}
    found = {key: value for key, value in Compared(new, []).measured().items() if _depends_on_chroma(key)}
    publish_candidate(Candidate(spec, {}), kept | found, weights, is_version=False)


def _depends_on_chroma(key: str) -> bool:
    """Whether a score of the manifest changes with the chroma; what follows a colon is a clip's name."""
    score = key.partition(":")[0]
    return "chroma" in score or "clean" in score


def release_confidence(
    recipe: Recipe,
    folders: Sequence[Path],
    build: Path,
    weights: Path,
    scenes: int = SCENES,
    lean: float | None = None,
) -> None:
    """Fit the confidence of a published model again, without changing its other files.

    folders  the sharp media of its training; it is evaluated on the held-out part
    build    where the candidate is staged
    scenes   to fit to, at most
    lean     instead of fitting: by how much less is added of what is neither all nor nothing
             in the faithful look, 0..1

    Raises ModelError, and changes nothing, if it does not help, or if a look harms more than before.
    """
    spec = find_published(weights, recipe.name)
    if lean is None:
        content = fit_confidence_by_recipe(spec, weights, recipe, folders, weights, scenes)
    else:
        content = _lean(spec, weights, lean)
    if content is None:
        raise ModelError(f"not published: a confidence of {recipe.name} does not help on held-out scenes")
    kept = {kind: read_checked(weights, file) for kind, file in spec.files.items()}
    candidate = with_file(Candidate(spec, kept), "confidence", content)
    judge = open_judge(recipe, folders)
    staged = open_model(candidate.spec, stage_candidate(candidate, build))
    found = compare(judge, staged, open_model(spec, weights), recipe.name)
    for new, old in zip(found.new, found.old, strict=True):
        print_excused(check_harmless(new, old, ROUNDING_DB))
    only = replace(candidate, contents={"confidence": content})
    publish_candidate(only, found.measured(), weights, is_version=False)


def _lean(spec: ModelSpec, weights: Path, lean: float) -> bytes:
    """The file "confidence" of a published model, which leans so much in the faithful look, 0..1.

    Raises ModelError if the model has none, or one that cannot be read back.
    """
    if "confidence" not in spec.files:
        raise ModelError(f"{spec.name} has no confidence; fit one: python -m distill confidence")
    net = read_confidence(read_checked(weights, spec.files["confidence"]), spec.looks)
    set_lean(net, lean)
    return export(net, {"name": spec.name})
