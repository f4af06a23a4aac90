"""Training runs of a few iterations, and what is asked of them."""

from dataclasses import replace
from typing import Any

from distill.recipe import Recipe
from distill.training.trainer import Trainer


def quiet(line: str) -> None:
    pass


def short(recipe: Recipe, **changes: Any) -> Recipe:
    return replace(
        recipe, training=replace(recipe.training, **({"iterations": 12, "check_every": 4} | changes))
    )


def weights_of(trainer: Trainer) -> dict[str, bytes]:
    networks = {"student": trainer.student, "averaged": trainer.averaged}
    return {
        f"{which}.{name}": value.numpy().tobytes()
        for which, network in networks.items()
        for name, value in network.state_dict().items()
    }
