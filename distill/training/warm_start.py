"""Warm starts: a recipe that starts from trained weights, and submodules that are frozen."""

from collections.abc import Collection, Mapping
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from distill.catalogue import describe
from distill.networks.condnet import NOTHING_LOGIT, CondNet
from distill.recipe import Recipe, recipe_from_json
from distill.training.checkpoint import State, read_checkpoint
from distill.training.journal import Log
from distill.training.parallel import ProcessGroup
from vcam.errors import ConfigError, ModelError
from vcam.manifest import ModelFile, read_checked, read_manifest, weights_folder

PUBLISHED = "published"  # value of [training] start, see distill.recipe.Training


def starts_from_published(start: str) -> bool:
    """Whether [training] start names a published model of the camera instead of a recipe."""
    return start.split(" ")[0] == PUBLISHED


def published_name(recipe: Recipe) -> str:
    """The name of the published model that a recipe starts from."""
    _, _, name = recipe.training.start.partition(" ")
    return name or recipe.name


def load_published(network: nn.Module, name: str, log: Log, weights: Path | None = None) -> None:
    """Load the first look of a published model from its fp32 file into a whitened student.

    Context inputs that the model does not have are left as they are. Raises ModelError if there is no such
    model, or if its shapes differ.
    """
    folder = weights or weights_folder()
    specs = read_manifest(folder)
    if name not in specs:
        raise ModelError(f"no model {name!r} is published in {folder}; choose one of: {', '.join(specs)}")
    files = specs[name].files
    values = _tensors(folder, files["fp32"]) | _tensors(folder, files["gauge"])
    assert isinstance(network, CondNet)
    try:
        _take_over(network, values)
    except (KeyError, RuntimeError) as error:
        raise ModelError(
            f"the published {name} has other shapes than the recipe's network: {error}"
        ) from None
    log(f"starts from the published {name}, commit {specs[name].commit[:12]}")


def _tensors(folder: Path, file: ModelFile) -> dict[str, Tensor]:
    model = onnx.load_model_from_string(read_checked(folder, file))
    return {
        tensor.name.removeprefix("student."): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in model.graph.initializer
        if tensor.data_location != TensorProto.EXTERNAL
    }


@torch.no_grad()
def _take_over(network: CondNet, values: Mapping[str, Tensor]) -> None:
    for name, whitened in (("head", network.head), ("gauge.conv", network.gauge.conv)):
        folded = values[f"{name}.weight"].flatten(1).double()
        inverse = torch.linalg.inv(whitened.whitening.double())
        whitened.weight.copy_((folded @ inverse).float().view_as(whitened.weight))
        assert whitened.bias is not None
        whitened.bias.copy_(values[f"{name}.bias"])
    if network.told is not None and "told.weight" in values:
        network.told.weight.copy_(values["told.weight"])
    network.gauge.hidden.weight.copy_(values["gauge.hidden.weight"])
    network.gauge.hidden.bias.copy_(values["gauge.hidden.bias"])
    _take_over_shares(network, values["gauge.shares.weight"], values["gauge.shares.bias"])
    names = [*(f"body.{number}" for number in range(len(network.body))), "tail"]
    for name, conv in zip(names, network.mixed(), strict=True):
        experts = len(conv.bias)
        step = values[f"{name}.step"] / conv.unit  # (outputs, 1, 1, 1)
        grid = values[f"{name}.grid"][:experts].float().view_as(conv.weight)
        conv.weight.copy_(grid * step)
        conv.bias.copy_(values[f"{name}.bias"][:experts] / conv.unit)


@torch.no_grad()
def _take_over_shares(network: CondNet, weight: Tensor, bias: Tensor) -> None:
    """Set the gauge's last layer; older models have no share for doing nothing and get a small one."""
    shares = network.gauge.shares
    if len(bias) == network.experts:
        weight = torch.cat([weight, torch.zeros_like(weight[:1])])
        bias = torch.cat([bias, bias.mean(0, keepdim=True) - NOTHING_LOGIT])
    shares.weight.copy_(weight)
    shares.bias.copy_(bias)


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
        network.load_state_dict(weights)
    except RuntimeError as error:
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
        found, expected = describe(trained.network), describe(recipe.network)
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


def _remedy(start: str) -> str:
    return f"Train it first: python -m distill run --recipe {start}"
