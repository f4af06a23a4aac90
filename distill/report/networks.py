"""A table of all networks with their cost and the recipes that use them."""

import torch

from distill.catalogue import NETWORKS, build, describe
from distill.networks.cost import count_parameters, macs_per_pixel
from distill.networks.receptive import receptive_field
from distill.recipe import Network, list_recipes, list_teachers, load_recipe


def network_table() -> str:
    """All networks with the options that recipes use, or with defaults if none uses them; cheapest first."""
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
    """Multiply-accumulates per output pixel, parameters, and receptive field, on torch's meta device."""
    with torch.device("meta"):
        built = build(network.name, network.options)
        field = receptive_field(built)
        return macs_per_pixel(built), count_parameters(built), "all" if field is None else f"{field:,}"
