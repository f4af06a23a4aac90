"""What a recipe's media add to an exported student: strengths of chroma cleaning, and a confidence."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from distill.data.splits import listed
from distill.publish.chroma import fit_chroma
from distill.publish.confidence import SCENES, fit_confidence
from distill.publish.confidence_net import CarefulNet, ConfidenceNet, read_confidence
from distill.publish.weights_folder import Candidate, published, stage_candidate, with_file
from distill.recipe import Recipe
from distill.training.warm_start import published_name, starts_from_published
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked
from vcam.restore import Engine, Model


def with_fits(
    candidate: Candidate, recipe: Recipe, folders: Sequence[Path], build: Path, weights: Path
) -> Candidate:
    """The candidate with fitted strengths of chroma cleaning and a confidence, each if it helps.

    folders   the sharp media of its training
    build     where the candidate is staged
    weights   where the model is published that its recipe starts from, if it does
    """
    # strengths depend on the gauge, the confidence on residuals: each is fitted to the files as shipped
    strengths = fit_chroma_by_recipe(candidate.spec, stage_candidate(candidate, build), recipe, folders)
    candidate = replace(candidate, spec=replace(candidate.spec, chroma=strengths))
    staged = stage_candidate(candidate, build)
    content = fit_confidence_by_recipe(candidate.spec, staged, recipe, folders, weights)
    return candidate if content is None else with_file(candidate, "confidence", content)


def fit_chroma_by_recipe(
    spec: ModelSpec, folder: Path, recipe: Recipe, folders: Sequence[Path]
) -> tuple[float, ...]:
    """The strengths of chroma cleaning of the experts of a model; empty if they do not help.

    spec      without strengths
    folder    where the model's files are
    folders   sharp media; the recipe decides which part is held out, and the size of the scenes
    """
    train, held, _ = listed(recipe.data, folders)
    return fit_chroma(Model(spec, folder, Engine("cpu")), train, held, recipe.data.side)


def fit_confidence_by_recipe(
    spec: ModelSpec,
    folder: Path,
    recipe: Recipe,
    folders: Sequence[Path],
    weights: Path,
    scenes: int = SCENES,
) -> bytes | None:
    """The file "confidence" of a model; None if it does not help. One that the model has is not used.

    folder    where the model's files are
    folders   sharp media; the recipe decides which part is held out, and the size of the scenes
    weights   where the model is published that the recipe starts from, if it does: that one's confidence
              is the start

    Raises ModelError if the start's confidence cannot be read back, see `confidence_of_start`.
    """
    train, held, _ = listed(recipe.data, folders)
    files = {kind: file for kind, file in spec.files.items() if kind != "confidence"}
    model = Model(replace(spec, files=files), folder, Engine("cpu"))
    start = confidence_of_start(recipe, spec.name, weights)
    if start is not None and len(start.lean) != spec.looks:
        print(
            f"confidence of {spec.name}, fitted from nothing: that of {published_name(recipe)} has "
            f"{len(start.lean)} looks, {spec.name} has {spec.looks}"
        )
        start = None
    lean = recipe.confidence.lean
    return fit_confidence(model, train, held, recipe.data.side, scenes, start=start, lean=lean)


def confidence_of_start(recipe: Recipe, name: str, weights: Path) -> ConfidenceNet | None:
    """The confidence of another published model that a recipe starts from; None if there is none.

    name      of the model that is made
    weights   where the other one is published

    Of two networks it is the one that was fitted to that model. Raises ModelError if it cannot be read back.
    """
    start = recipe.training.start
    other = published(weights).get(published_name(recipe)) if starts_from_published(start) else None
    if other is None or other.name == name or "confidence" not in other.files:
        return None
    try:
        net = read_confidence(read_checked(weights, other.files["confidence"]), other.looks)
    except ModelError as error:
        raise ModelError(
            f"{name} starts from {other.name}, whose confidence cannot be used: {error}"
        ) from None
    return net.other if isinstance(net, CarefulNet) else net
