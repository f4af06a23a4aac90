"""A recipe cut down to under a minute: all steps of a run, to find mistakes before a long training."""

from dataclasses import replace

from distill.recipe import Recipe
from distill.training.warm_start import starts_from_published

ITERATIONS = 20


def smoke(recipe: Recipe) -> Recipe:
    """The recipe with very little data and few iterations; its result is recorded and never for the camera.

    CIFAR-10 is not bundled, so stills of its size replace it. A recipe that starts from another is trained
    from scratch, so that nothing has to be trained before; so is its crisp look.
    """
    data, training = recipe.data, recipe.training
    return replace(
        recipe,
        data=replace(
            data,
            source="stills" if data.source == "cifar10" else data.source,
            shards=2,
            held_shards=1,
            side=min(data.side, 192),
            kept=min(data.kept, 128),
        ),
        training=replace(
            training,
            iterations=ITERATIONS,
            batch=min(training.batch, 4),
            crop=min(training.crop, 64),
            check_every=ITERATIONS // 2,
            start=training.start if starts_from_published(training.start) else "",
        ),
        look="",
        publish="record",
    )
