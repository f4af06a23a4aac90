"""The weights that a training begins with."""

from pathlib import Path

import torch
from torch import nn

from distill.data.prepare import Prepared
from distill.networks.contract import Whitened, frames_of
from distill.recipe import Recipe
from distill.training.batches import draw_batch, shown_to
from distill.training.journal import Log
from distill.training.parallel import ProcessGroup
from distill.training.warm_start import load_published, load_start, published_name, starts_from_published

WHITENED_BATCHES = 8


def initialise(
    student: nn.Module,
    recipe: Recipe,
    data: Prepared,
    build: Path,
    group: ProcessGroup,
    log: Log,
    weights: Path | None = None,
) -> None:
    """Set a student's whitening, and the weights that its recipe starts from.

    build    folder of runs, where another recipe's checkpoint is
    weights  folder of the published models that come before the shipped ones
    """
    start = recipe.training.start
    if isinstance(student, Whitened) and (not start or starts_from_published(start)):
        _whiten(student, recipe, data, group)
    if starts_from_published(start):
        load_published(student, published_name(recipe), log, weights)
    elif start:
        load_start(student, recipe, build, group, log)


def _whiten(student: nn.Module, recipe: Recipe, data: Prepared, group: ProcessGroup) -> None:
    """Set the network's whitening from training inputs."""
    assert isinstance(student, Whitened)
    frames = frames_of(student)
    drawn = [
        draw_batch(data.train, recipe.training, frames, -number) for number in range(1, 1 + WHITENED_BATCHES)
    ]
    planes = drawn[0].truth.shape[1]
    shown = [shown_to(student, batch.seen, batch.context, planes) for batch in drawn]
    student.whiten(torch.cat(shown).to(group.device))
