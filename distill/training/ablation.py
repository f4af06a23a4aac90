"""Which parts of a recipe help: short runs with and without each part, over several seeds."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from distill.data.prepare import Prepared
from distill.recipe import Distillation, Recipe
from distill.training.objective import Teacher
from distill.training.trainer import Trainer
from distill.training.validate import validate
from distill.training.warm_start import PUBLISHED, published_name, starts_from_published
from vcam.errors import ConfigError

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Variant:
    """A change of the losses against the truth, or of those against teachers; None: the recipe's own."""

    name: str
    losses: Mapping[str, float] | None
    taught_by: Mapping[str, float] | None  # distillation losses; empty: no teacher


BASE = {"relative_mse": 1.0}
UNTAUGHT, TAUGHT = "the recipe without its teachers", "the recipe with its teachers"
# with these weights each addition has 0.1 to 0.5 of the first loss's gradient after a thousand iterations
VARIANTS = (
    Variant("relative MSE alone", BASE, {}),
    Variant("Charbonnier instead", {"charbonnier": 30.0}, {}),
    Variant("+ MS-SSIM", BASE | {"ms_ssim": 1.0}, {}),
    Variant("+ Sobel edges", BASE | {"edge": 5.0}, {}),
    Variant("+ output distillation", BASE, {"output_mse": 1000.0}),
    Variant("+ KL distillation", BASE, {"output_kl": 2000.0}),
    Variant("+ feature regression", BASE, {"feature": 0.1}),
    Variant("+ affinity", BASE, {"affinity": 1.0}),
    Variant("+ attention transfer", BASE, {"attention": 1.0}),
    Variant(UNTAUGHT, None, {}),
    Variant(TAUGHT, None, None),
)


def find_variants(names: Sequence[str] | None) -> Sequence[Variant]:
    """The variants with these names; all for None. Raises ConfigError for an unknown name."""
    if names is None:
        return VARIANTS
    known = {variant.name: variant for variant in VARIANTS}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"no variant {unknown[0]!r}; choose some of: {', '.join(known)}")
    return [known[name] for name in names]


def ablate(
    recipe: Recipe,
    data: Prepared,
    teachers: Sequence[Teacher],
    folder: Path,
    seeds: Sequence[int] = SEEDS,
    variants: Sequence[Variant] = VARIANTS,
) -> Iterator[dict[str, object]]:
    """Train every variant with every seed for the recipe's iterations, yielding a row for each.

    A recipe that starts from a published model does so here too; one that starts from another recipe is
    trained from scratch. Finished runs in `folder` are reused; unfinished ones resume from their checkpoints.
    """
    for seed in seeds:  # seeds outermost: an aborted run still compares all variants
        for variant in variants:
            yield _run(recipe, variant, seed, data, list(teachers), folder)


def _run(
    recipe: Recipe, variant: Variant, seed: int, data: Prepared, teachers: list[Teacher], folder: Path
) -> dict[str, object]:
    losses = recipe.losses if variant.losses is None else variant.losses
    taught_by = recipe.distillation.losses if variant.taught_by is None else variant.taught_by
    is_cached = recipe.distillation.cached and variant.taught_by is None
    taught = replace(recipe.distillation, losses=taught_by, cached=is_cached) if taught_by else Distillation()
    start = f"{PUBLISHED}:{published_name(recipe)}" if starts_from_published(recipe.training.start) else ""
    changed = replace(
        recipe,
        name=f"{variant.name}, seed {seed}",
        losses=losses,
        distillation=taught,
        training=replace(recipe.training, seed=seed, start=start, frozen=()),
    )
    place = folder / "".join(letter if letter.isalnum() else "-" for letter in changed.name)
    result = place / "result.json"
    if result.exists():
        row: dict[str, object] = json.loads(result.read_text())
        return row
    trainer = Trainer(changed, place, teachers if taught_by else [])
    trainer.resume()
    found = validate(trainer.fit(data), data.held, torch.device("cpu"))
    row = {
        "variant": variant.name,
        "losses": dict(losses),
        "distillation": asdict(taught),
        "seed": seed,
        "iterations": trainer.iteration,
        "gain_db": found.gain_db,
        "clean_db": found.clean_db,
        "seconds": round(trainer.seconds, 1),
    }
    temporary = result.with_suffix(".tmp")
    temporary.write_text(json.dumps(row))
    os.replace(temporary, result)
    return row
