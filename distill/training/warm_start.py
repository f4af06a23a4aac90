"""Warm starts: a recipe that starts from trained weights, and submodules that are frozen."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from distill.catalogue import describe
from distill.export.reader import read_student
from distill.networks.condnet import CondNet
from distill.networks.mixed import MixedConv
from distill.recipe import Network, Recipe, recipe_from_json
from distill.training.checkpoint import State, read_checkpoint
from distill.training.journal import Log
from distill.training.parallel import ProcessGroup
from distill.training.widen import widen
from vcam.errors import ConfigError, ModelError
from vcam.manifest import FILE_NAME, read_manifest, weights_folder

PUBLISHED = "published"  # value of [training] start, see distill.recipe.Training


def starts_from_published(start: str) -> bool:
    """Whether [training] start names a published model of the camera instead of a recipe."""
    return start.split(":")[0] == PUBLISHED


def published_name(recipe: Recipe) -> str:
    """The name of the published model that a recipe starts from."""
    _, _, name = recipe.training.start.partition(":")
    return name or recipe.name


def load_published(network: nn.Module, name: str, log: Log, weights: Path | None = None) -> None:
    """Load a published model, gauge and looks, into a student whose whitening is set.

    weights  the folder to look in first; the shipped one is next

    The student then computes what the published fp32 file computes, up to float32 rounding. A student of one
    look takes the faithful one, on a quantisation grid of its own; one of two looks starts both from the same
    where the model has one. A wider student computes the same, with features to spare, see `widen`. Context
    inputs that the model does not have are left as they are. Raises ModelError if there is no such model, or
    if its shapes are larger or its layers others.
    """
    folder = weights_folder()
    if weights and (weights / FILE_NAME).exists() and name in read_manifest(weights):
        folder = weights
    specs = read_manifest(folder)
    if name not in specs:
        raise ModelError(f"no model {name!r} is published in {folder}; choose one of: {', '.join(specs)}")
    shipped = read_student(folder, specs[name])
    assert isinstance(network, CondNet)
    try:
        _take_over(network, shipped)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the published {name} has other shapes than the recipe's network: {reason}"
        ) from None
    log(f"starts from the published {name}, commit {specs[name].commit[:12]}")


@torch.no_grad()
def _take_over(network: CondNet, shipped: CondNet) -> None:
    if shipped.told is not None and network.told is None:
        raise ValueError("the model takes context of fusion; set [network] fused = true")
    kept = {name: value for name, value in network.state_dict().items() if name.startswith("told.")}
    state = kept | shipped.state_dict()
    for name, whitened in (("head", network.head), ("gauge.conv", network.gauge.conv)):
        folded = state[f"{name}.weight"]
        inverse = torch.linalg.inv(whitened.whitening.double())
        state[f"{name}.weight"] = (folded.flatten(1).double() @ inverse).float().view_as(folded)
        state[f"{name}.whitening"] = whitened.whitening
    if network.told is not None:
        state["told.moment"] = network.told.moment
    if network.experts * shipped.looks != shipped.experts * network.looks:
        raise ValueError(f"the model has {shipped.experts // shipped.looks} experts a look")
    network.load_state_dict(widen(fit_looks(state, network), network))


def fit_looks(weights: State, network: nn.Module) -> State:
    """The weights of a network with one or two looks for one with as many as `network`.

    Of two looks, the first is taken; a look that is missing becomes the same as the first.
    """
    fitted = dict(weights)
    for name, module in network.named_modules():
        for key in (f"{name}.weight", f"{name}.bias") if isinstance(module, MixedConv) else ():
            times = max(1, len(module.bias) // len(weights[key]))
            fitted[key] = torch.cat([weights[key]] * times)[: len(module.bias)]
    return fitted


def freeze(network: nn.Module, names: Collection[str]) -> None:
    """Freeze submodules, with their running statistics, until the next `network.train()`.

    Raises ConfigError for an unknown submodule, or if nothing is left to train.
    """
    modules = {name: module for name, module in network.named_modules() if name}
    for name in names:
        if name not in modules:
            known = ", ".join(child for child, _ in network.named_children())
            raise ConfigError(
                f"[training] frozen has {name!r}, which is not a submodule; choose from: {known}"
            )
        modules[name].requires_grad_(False).eval()
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ConfigError(f"[training] frozen = {', '.join(names)} leaves nothing to train; take one out")


def load_start(network: nn.Module, recipe: Recipe, build: Path, group: ProcessGroup, log: Log) -> None:
    """Load the weights and buffers of the recipe that a recipe starts from.

    build  folder of runs; the weights are the ones in START/checkpoint.pt that would ship
    group  rank 0 reads the file and broadcasts it

    Raises ModelError if there is no such checkpoint, or if it is of another network.
    """
    start = recipe.training.start
    weights = group.broadcast(read_start(recipe, build, log) if group.is_main else {})
    try:
        network.load_state_dict(fit_looks(weights, network))
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the weights of {start} are of an older {recipe.network.name}: {reason}. {_remedy(start)}"
        ) from None


def read_start(recipe: Recipe, build: Path, log: Log) -> State:
    """The weights that the recipe it starts from would ship, checked to be of this recipe's network."""
    start = recipe.training.start
    path = build / start / "checkpoint.pt"
    state = read_checkpoint(path)
    if not state:
        raise ModelError(f"{recipe.name} starts from {start}, and there is no {path}. {_remedy(start)}")
    try:
        trained = recipe_from_json(state["recipe"])
        weights: State = state["best" if trained.training.patience else "averaged"]
        found, expected = _describe_look(trained.network), _describe_look(recipe.network)
    except (KeyError, ConfigError) as error:
        raise ModelError(
            f"{path} is from another version of the program: {error}. {_remedy(start)}"
        ) from None
    if found != expected:
        raise ModelError(
            f"{path} holds {found}; {recipe.name}, which starts from it, expected {expected}. "
            f"Give both recipes one [network] table. {_remedy(start)}"
        )
    log(f"starts from {start} at iteration {state['iteration']} of {trained.training.iterations}")
    return weights


def _describe_look(network: Network) -> str:
    """A network and its options, but for the number of its looks."""
    options = {name: value for name, value in network.options.items() if name != "looks"}
    return describe(replace(network, options=options))


def _remedy(start: str) -> str:
    return f"Train it first: python -m distill run --recipe {start}"
