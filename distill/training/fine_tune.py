"""A camera recipe cut down to minutes: the published student, trained on with someone's own files."""

import hashlib
from dataclasses import replace
from pathlib import Path

from distill.data.media import stamp
from distill.data.splits import Split
from distill.recipe import Distillation, Network, Recipe, load_recipe
from distill.training.warm_start import PUBLISHED
from vcam.manifest import ModelSpec

ITERATIONS = 1000
BATCH = 8  # half of it for each look
LEARNING_RATE = 1e-4  # peak: an eighth of what the student was trained with
SHARDS, HELD_SHARDS = 32, 3
CHECKS = 5
DIGEST = 8  # hexadecimal digits


def fine_tune(recipe: Recipe) -> Recipe:
    """The recipe as it is run by default: a few iterations from the published model of its name.

    Both looks are trained, the crisp one by the losses of the recipe's `look`. The bundled clip is mixed in.
    There is no teacher: the ones we have are no better on pictures that they have not seen, and take hours.
    """
    crisp = load_recipe(recipe.look).losses if recipe.look else {}
    looks = {"looks": 2} if crisp else {}
    return replace(
        recipe,
        network=Network(recipe.network.name, {**recipe.network.options, **looks}),
        data=replace(recipe.data, shards=SHARDS, held_shards=HELD_SHARDS, bundled=True),
        crisp_losses=crisp,
        distillation=Distillation(),
        look="",
        training=replace(
            recipe.training,
            start=f"{PUBLISHED}:{recipe.name}",
            frozen=(),
            iterations=ITERATIONS,
            batch=BATCH,
            learning_rate=LEARNING_RATE,
            check_every=ITERATIONS // CHECKS,
            precision="fp32",  # bf16 takes many times as long on processors without it
        ),
    )


def folder_of(recipe: Recipe, split: Split, start: ModelSpec, build: Path) -> Path:
    """The run's folder: another one for other files, and for another published model to start from.

    So a run that was stopped goes on, and one with new clips, or after a publication, begins.
    """
    what = f"{split.train!r} {stamp(split.train)} {start.files['fp32'].sha256}"
    return build / f"{recipe.name}-tuned-{hashlib.sha256(what.encode()).hexdigest()[:DIGEST]}"
