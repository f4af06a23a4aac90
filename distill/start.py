"""Where a training starts if not afresh: at another recipe's trained weights, with parts that hold still."""

from collections.abc import Collection
from pathlib import Path

from torch import nn

from distill.checkpoint import State, read_checkpoint
from distill.journal import Log
from distill.networks.catalogue import describe
from distill.parallel import Company
from distill.recipe import Recipe, recipe_from_json
from vcam.errors import ConfigError, ModelError


def freeze(network: nn.Module, names: Collection[str]) -> None:
    """Take submodules out of training, their measured statistics too: until the next `network.train()`.

    Raises ConfigError for a name that the network has not, or if nothing is left to train.
    """
    modules = {name: module for name, module in network.named_modules() if name}
    for name in names:
        if name not in modules:
            known = ", ".join(child for child, _ in network.named_children())
            raise ConfigError(
                f"[training] frozen has {name!r}, which is no submodule; choose some of: {known}"
            )
        modules[name].requires_grad_(False).eval()
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ConfigError(f"[training] frozen = {', '.join(names)} leaves nothing to train; take one out")


def load_start(network: nn.Module, recipe: Recipe, build: Path, company: Company, log: Log) -> None:
    """Give a recipe's network the trained weights of the recipe that it starts from, with all buffers.

    build    the runs' folder: the weights are those that START/checkpoint.pt would ship
    company  the first process reads the file, the others are given what it has read

    Raises ModelError if there is no such checkpoint, or if it is of another network.
    """
    start = recipe.training.start
    weights = company.agree(read_start(recipe, build, log) if company.is_first else {})
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the weights of {start} are of an older {recipe.network.name}: {reason}. {_remedy(start)}"
        ) from None


def read_start(recipe: Recipe, build: Path, log: Log) -> State:
    """The weights that the recipe it starts from would ship, if they are of this recipe's network."""
    start = recipe.training.start
    path = build / start / "checkpoint.pt"
    state = read_checkpoint(path)
    if not state:
        raise ModelError(f"{recipe.name} starts from {start}, and there is no {path}. {_remedy(start)}")
    try:
        trained = recipe_from_json(state["recipe"])
        weights: State = state["best" if trained.training.patience else "averaged"]
        found, expected = describe(trained.network), describe(recipe.network)
    except (KeyError, ConfigError) as error:
        raise ModelError(f"{path} is of another program: {error}. {_remedy(start)}") from None
    if found != expected:
        raise ModelError(
            f"{path} holds {found}; {recipe.name}, which starts from it, expected {expected}. "
            f"Give both recipes one [network] table. {_remedy(start)}"
        )
    log(f"starts from {start} at iteration {state['iteration']} of {trained.training.iterations}")
    return weights


def _remedy(start: str) -> str:
    return f"Train that first: python -m distill run --recipe {start}"
