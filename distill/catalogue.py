"""The networks, data sources and pretrained weights that recipes can name, those of the studies included.

Outside of the commands, this is the only module that imports the studies.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import nn

from distill.data.splits import Split, calls, scenes, webcam
from distill.networks.cellnet import CellNet
from distill.networks.condnet import CondNet
from distill.networks.nafnet import NafNet
from distill.recipe import Data, Network, Option
from distill.studies.data.splits import celeba, cifar10, div2k, paired, stills
from distill.studies.networks.enhanced import EnhancedNet
from distill.studies.networks.plain import PlainNet
from distill.studies.networks.residual import ResidualNet
from distill.studies.networks.rrdb_weights import load_rrdb
from distill.studies.networks.rrdbnet import RRDBNet
from distill.studies.networks.sharpen import SharpenNet
from distill.studies.networks.srvgg import SrvggNet, load_srvgg
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

# data source -> function that splits it, from a recipe's [data] table and the user's folders
SOURCES: dict[str, Callable[[Data, Sequence[Path]], Split]] = {
    "calls": calls,
    "webcam": webcam,
    "scenes": scenes,
    "stills": stills,
    "paired": paired,
    "celeba": celeba,
    "div2k": div2k,
    "cifar10": cifar10,
}

# network -> reader of published weights
PRETRAINED: dict[str, Callable[[Path], nn.Module]] = {"rrdbnet": load_rrdb, "srvgg": load_srvgg}


def build(name: str, options: Mapping[str, Option]) -> nn.Module:
    """Build a recipe's network, untrained.

    Raises ConfigError for an unknown name or option, or a value of the wrong type.
    """
    known = _parameters(name)
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(
            f"network {name!r} has no option {unknown[0]!r}; expected some of: {', '.join(known)}"
        )
    for option, value in options.items():
        kind = known[option].annotation
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ConfigError(f"network {name!r}: {option} = {value!r} is not of type {kind.__name__}")
    return NETWORKS[name](**options)


def _parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """The parameters of a network's constructor. Raises ConfigError for an unknown name."""
    if name not in NETWORKS:
        raise ConfigError(f"no network {name!r}; choose one of: {', '.join(NETWORKS)}")
    return inspect.signature(NETWORKS[name]).parameters


def describe(network: Network) -> str:
    """A network's name and all its options, defaults included: equal descriptions mean equal networks."""
    defaults = {option: known.default for option, known in _parameters(network.name).items()}
    options = defaults | dict(network.options)
    return " ".join([network.name, *(f"{option}={value}" for option, value in options.items())])


def find_split(data: Data, folders: Sequence[Path]) -> Split:
    """The training and the held-out part of a recipe's data source. Raises ConfigError if it is unknown."""
    if data.source not in SOURCES:
        raise ConfigError(f"no data source {data.source!r}; choose one of: {', '.join(SOURCES)}")
    return SOURCES[data.source](data, folders)
