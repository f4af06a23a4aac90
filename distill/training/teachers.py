"""Teachers: trained before their student by recipes of their own, or pretrained; then frozen."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from distill.catalogue import PRETRAINED, build, find_split
from distill.data.prepare import prepare
from distill.recipe import Recipe
from distill.training.objective import Teacher
from distill.training.parallel import ProcessGroup
from distill.training.sittings import can_refill, last_sitting, refill
from distill.training.trainer import Trainer
from vcam.errors import ConfigError


def train_teacher(
    recipe: Recipe,
    folders: Sequence[Path],
    build_folder: Path,
    workers: int,
    group: ProcessGroup,
    perceptual: nn.Module | None = None,
    is_symmetric: bool = False,
    records: Path | None = None,
) -> Teacher:
    """A recipe's network as a teacher: the published one, else a trained one.

    records  folder of records, where a published one may be; None: look for none. Its own run trains it on

    Training is resumed from its checkpoint if incomplete.
    """
    if records and (published := _published_teacher(recipe, records)):
        return Teacher(recipe.name, published.to(group.device), is_symmetric=is_symmetric)
    with group.local_main_first():
        data = prepare(recipe.data, find_split(recipe.data, folders), build_folder, workers)
    trainer = Trainer(recipe, build_folder / recipe.name, None, group, perceptual)
    trainer.resume()
    return Teacher(recipe.name, trainer.fit(data).to(group.device), is_symmetric=is_symmetric)


def _published_teacher(recipe: Recipe, records: Path) -> nn.Module | None:
    """The network that a teacher's record holds; None if there is none of this recipe's network and data."""
    last = last_sitting(recipe, records, print)
    network = build(recipe.network.name, recipe.network.options)
    if last is None or not can_refill(network, last.weights):
        return None
    refill(network, last.weights)
    print(f"teacher {recipe.name}: as published, {last.iteration} iterations")
    return network


def load_pretrained(name: str, path: Path, planes: int) -> Teacher:
    """A teacher from a file of pretrained weights: of BSRGAN or Real-ESRGAN.

    planes  of its input: 1 is luma, 3 is RGB

    Raises ConfigError for a network without a reader, ModelError if the file does not hold its weights.
    """
    if name not in PRETRAINED:
        raise ConfigError(
            f"cannot read pretrained weights for network {name!r}; choose one of: {', '.join(PRETRAINED)}"
        )
    return Teacher(f"{name} {path.name}", PRETRAINED[name](path), planes)
