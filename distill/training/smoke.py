"""A recipe cut down to under a minute: its whole road, so that a typing error is not found after a night."""

from dataclasses import replace

from distill.recipe import Recipe

ITERATIONS = 20


def smoke(recipe: Recipe) -> Recipe:
    """The recipe with next to no data and iterations; what it makes is recorded, and never for the camera.

    CIFAR-10 is not bundled: stills of its size, damaged as they are, stand in. A recipe that starts from
    another's weights starts afresh: nobody has to train for hours before.
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
            start="",
        ),
        publish="record",
    )
