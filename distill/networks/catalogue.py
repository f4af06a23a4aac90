"""Which networks there are, by the names that recipes use."""

import inspect
from collections.abc import Mapping

from torch import nn

from distill.networks.cellnet import CellNet
from distill.networks.nafnet import NafNet
from vcam.errors import ConfigError

NETWORKS: dict[str, type[nn.Module]] = {
    "cellnet": CellNet,
    "nafnet": NafNet,
}


def build(name: str, options: Mapping[str, int | float | str | bool]) -> nn.Module:
    """The untrained network of a recipe. Raises ConfigError for a name or an option that is not known."""
    if name not in NETWORKS:
        raise ConfigError(f"no network {name!r}; choose one of: {', '.join(NETWORKS)}")
    known = list(inspect.signature(NETWORKS[name]).parameters)
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(
            f"network {name!r} has no option {unknown[0]!r}; expected some of: {', '.join(known)}"
        )
    return NETWORKS[name](**options)
