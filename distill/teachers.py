"""Teachers: recipes of their own, trained before their student, and frozen."""

from collections.abc import Sequence
from pathlib import Path

import torch

from distill.data.sources import prepare
from distill.networks.catalogue import build
from distill.objective import Teacher
from distill.parallel import Company
from distill.recipe import Recipe, load_recipe
from distill.train import Trainer
from vcam.errors import ModelError


def train_teacher(
    name: str, folders: Sequence[Path], build_folder: Path, workers: int, company: Company
) -> Teacher:
    """A recipe's trained network as a teacher: from its checkpoint if that is complete, else trained on."""
    recipe = load_recipe(name)
    trainer = Trainer(recipe, build_folder / recipe.name, company=company)
    trainer.resume()
    data = prepare(recipe.data, folders, build_folder, workers)
    return Teacher(name, trainer.fit(data).to(company.device))


def load_teacher(recipe: Recipe, checkpoint: Path) -> Teacher:
    """A teacher from a finished run's checkpoint. Raises ModelError if it is of another recipe."""
    network = build(recipe.network.name, recipe.network.options)
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    try:
        network.load_state_dict(state["averaged"])
    except (KeyError, RuntimeError):
        raise ModelError(f"{checkpoint} is no checkpoint of {recipe.name}; train it anew") from None
    return Teacher(recipe.name, network)
