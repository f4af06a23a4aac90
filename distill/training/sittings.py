"""Training in sittings: a run that finds no checkpoint goes on from what its recipe has published.

A build folder is not kept, the records in weights/recipes are. They hold the averaged network, the iterations
and the curve; the optimizer starts from nothing in every sitting.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import nn

from distill.catalogue import describe
from distill.export.halve import weights_of
from distill.networks.contract import Foldable, Refillable
from distill.recipe import Recipe, recipe_from_json
from distill.training.checkpoint import State
from distill.training.journal import Log
from vcam.errors import ConfigError, ModelError


@dataclass(frozen=True)
class Sitting:
    """Where the last sitting of a recipe has ended.

    weights       of the averaged network by name, as exported: what only training needs is folded in
    core_seconds  of processor time; None where the record is older than that figure
    curve         iteration and gain in dB of each validation
    """

    weights: State
    iteration: int
    seconds: float
    core_seconds: float | None
    sittings: int
    curve: Sequence[tuple[int, float]]


def last_sitting(recipe: Recipe, records: Path, log: Log) -> Sitting | None:
    """What `records`/NAME.json and NAME.onnx hold of a recipe; None if nothing that it could go on from.

    Network and data must be those of the recipe; losses and schedule may have changed. Raises ModelError if
    the files are damaged.
    """
    place = records / f"{recipe.name}.json"
    if not place.exists():
        return None
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        if record["onnx"] is None:
            return None
        model = onnx.load(records / record["onnx"])
        facts = {entry.key: entry.value for entry in model.metadata_props}
        reached = Sitting(
            weights_of(model.graph.initializer),
            int(record["iterations"]),
            float(record["seconds"]),
            record.get("core_seconds"),
            int(record.get("sittings", 1)),
            [(int(iteration), float(gain)) for iteration, gain in record["curve"]],
        )
        published = recipe_from_json(facts["recipe"])
    except ConfigError:
        log(f"the published {recipe.name} is of an older recipe: starting from nothing")
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"cannot go on from {place}: {error!r}; restore it, or start from nothing with --from-scratch"
        ) from None
    if (describe(published.network), published.data) != (describe(recipe.network), recipe.data):
        log(f"the published {recipe.name} has another network or other data: starting from nothing")
        return None
    return reached


def can_refill(network: nn.Module, weights: State) -> bool:
    """Whether a network can take over the weights of an exported one of its kind."""
    folded = {name for name, part in network.named_modules() if isinstance(part, Foldable)}
    needed = {
        name
        for name in network.state_dict()
        if name.rpartition(".")[0] not in folded or name.endswith(("weight", "bias"))
    }
    is_known = all(isinstance(network.get_submodule(name), Refillable) for name in folded)
    return is_known and needed <= weights.keys()


@torch.no_grad()
def refill(network: nn.Module, weights: State) -> None:
    """Set a network's parameters to those of an exported one; its whitening stays as it is."""
    folded = [name for name, part in network.named_modules() if isinstance(part, Refillable)]
    plain = {name: value for name, value in weights.items() if name.rpartition(".")[0] not in folded}
    network.load_state_dict(plain, strict=False)
    for name in folded:
        part = network.get_submodule(name)
        assert isinstance(part, Refillable)
        part.take_plain(weights[f"{name}.weight"], weights[f"{name}.bias"])
