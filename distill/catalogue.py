"""Which networks there are, by the names that recipes use, and what each costs."""

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from distill.networks.cellnet import CellNet
from distill.networks.condnet import CondNet
from distill.networks.contract import inputs_of, layers_of
from distill.networks.mixed import MixedConv
from distill.networks.nafnet import NafNet
from distill.networks.receptive import receptive_field
from distill.recipe import Network, Option, list_recipes, list_teachers, load_recipe
from distill.studies.networks.enhanced import EnhancedNet
from distill.studies.networks.plain import PlainNet
from distill.studies.networks.residual import ResidualNet
from distill.studies.networks.rrdbnet import RRDBNet
from distill.studies.networks.sharpen import SharpenNet
from distill.studies.networks.srvgg import SrvggNet
from vcam.errors import ConfigError

NETWORKS: dict[str, type[nn.Module]] = {
    "cellnet": CellNet,
    "condnet": CondNet,
    "enhanced": EnhancedNet,
    "nafnet": NafNet,
    "plain": PlainNet,
    "residual": ResidualNet,
    "rrdbnet": RRDBNet,
    "sharpen": SharpenNet,
    "srvgg": SrvggNet,
}


def build(name: str, options: Mapping[str, Option]) -> nn.Module:
    """The untrained network of a recipe.

    Raises ConfigError for a name or an option that is not known, or a value that the option cannot have.
    """
    known = _parameters(name)
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(
            f"network {name!r} has no option {unknown[0]!r}; expected some of: {', '.join(known)}"
        )
    for option, value in options.items():
        kind = known[option].annotation
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ConfigError(f"network {name!r}: {option} = {value!r} is no {kind.__name__}")
    return NETWORKS[name](**options)


def _parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """What a network's constructor takes. Raises ConfigError for a name that is not known."""
    if name not in NETWORKS:
        raise ConfigError(f"no network {name!r}; choose one of: {', '.join(NETWORKS)}")
    return inspect.signature(NETWORKS[name]).parameters


def count_parameters(network: nn.Module) -> int:
    """Trained numbers of a network; buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def macs_per_pixel(network: nn.Module) -> float:
    """Multiply-accumulates of convolutions and linear layers for one output pixel.

    Biases, activations, norms and products of features are not counted.
    """
    side, total = 64, 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        places = 1 if isinstance(layer, nn.Linear) else output.shape[-2] * output.shape[-1]
        total += _macs_of_place(layer) * places

    hooks = [layer.register_forward_hook(count) for layer in layers_of(network)]
    parameter = next(network.parameters())
    network(torch.zeros(1, inputs_of(network), side, side, device=parameter.device))
    for hook in hooks:
        hook.remove()
    return total / side**2


def _macs_of_place(layer: nn.Module) -> int:
    """Multiply-accumulates for one place of a layer's output."""
    if isinstance(layer, MixedConv):
        return layer.macs
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight.numel()


def describe(network: Network) -> str:
    """A network's name and all its options, the defaults too: networks of one description are the same."""
    defaults = {option: known.default for option, known in _parameters(network.name).items()}
    options = defaults | dict(network.options)
    return " ".join([network.name, *(f"{option}={value}" for option, value in options.items())])


def table() -> str:
    """Networks as recipes and teachers use them, then by themselves those that none uses; cheapest first."""
    networks: dict[str, Network] = {}
    users: dict[str, list[str]] = {}
    for recipe in map(load_recipe, [*list_recipes(), *list_teachers()]):
        networks[describe(recipe.network)] = recipe.network
        users.setdefault(describe(recipe.network), []).append(recipe.name)
    for name in NETWORKS.keys() - {network.name for network in networks.values()}:
        networks[describe(Network(name))] = Network(name)
    rows = sorted((_measure(network), title) for title, network in networks.items())
    lines = [
        "| network | recipes | MAC per output pixel | parameters | sees, pixels |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for (macs, parameters, field), title in rows:
        recipes = ", ".join(users.get(title, ["none"]))
        lines.append(f"| {title} | {recipes} | {macs:,.0f} | {parameters:,} | {field} |")
    return "\n".join(lines)


def _measure(network: Network) -> tuple[float, int, str]:
    """Multiply-accumulates for an output pixel, parameters, and how far it sees; nothing is computed."""
    with torch.device("meta"):
        built = build(network.name, network.options)
        field = receptive_field(built)
        return macs_per_pixel(built), count_parameters(built), "all" if field is None else f"{field:,}"
