from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import torch

from distill.__main__ import main
from distill.catalogue import NETWORKS, build, find_split
from distill.networks.contract import frames_of, multiple_of, planes_of
from distill.networks.cost import count_parameters, macs_per_pixel
from distill.recipe import Data, Option, list_recipes, list_teachers, load_recipe
from vcam.errors import ConfigError

TINY: dict[str, dict[str, Option]] = {  # options under which each network is quick
    "cellnet": {"channels": 8, "depth": 1},
    "condnet": {"channels": 8, "depth": 1, "experts": 2},
    "enhanced": {"channels": 8, "blocks": 1, "reduction": 1},
    "nafnet": {"channels": 4, "blocks": 1, "frames": 3},
    "plain": {"channels": 8, "depth": 3},
    "residual": {"channels": 8, "blocks": 2},
    "rrdbnet": {"channels": 8, "growth": 4, "blocks": 1},
    "sharpen": {"widths": "8-4"},
    "srvgg": {"channels": 8, "depth": 2},
}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """Cells of the table that the command prints."""
    printed = StringIO()
    with redirect_stdout(printed):
        assert main(["--threads", "1", "networks"]) == 0
    return [
        line.removeprefix("| ").removesuffix(" |").split(" | ") for line in printed.getvalue().splitlines()
    ]


def picture_for(network: torch.nn.Module, batch: int, height: int, width: int) -> torch.Tensor:
    """A noisy picture of so many of the network's multiples, (batch, frames*C, H, W)."""
    planes, side = frames_of(network) * planes_of(network), multiple_of(network)
    return torch.rand(batch, planes, height * side, width * side)


def test_every_network_is_tried_here() -> None:
    assert TINY.keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_one_frame_of_the_same_size_is_restored(name: str) -> None:
    network = build(name, TINY[name])
    seen = picture_for(network, 3, 7, 5)
    assert network(seen).shape == (3, planes_of(network), *seen.shape[2:])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_body_gives_a_map_of_features(name: str) -> None:
    network, maps = build(name, TINY[name]), []
    network.get_submodule("body").register_forward_hook(lambda body, seen, features: maps.append(features))
    network(picture_for(network, 2, 6, 4))
    (features,) = maps
    assert features.ndim == 4
    assert len(features) == 2
    assert features.shape[2] * 4 == features.shape[3] * 6  # of the picture's proportions


@pytest.mark.parametrize("name", NETWORKS)
def test_training_reaches_every_parameter(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, TINY[name])
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-2)
    reached = set()
    for _ in range(2):  # what a zero holds back in the first step, it lets through in the second
        optimiser.zero_grad()
        network(picture_for(network, 2, 6, 6)).square().mean().backward()
        optimiser.step()
        reached |= {
            key for key, value in network.named_parameters() if value.grad is not None and value.grad.any()
        }
    assert reached == {key for key, _ in network.named_parameters()}


def test_the_shipped_students_cost_what_the_facts_say() -> None:
    assert macs_per_pixel(build("cellnet", {"channels": 16, "depth": 2})) == 576
    assert macs_per_pixel(build("cellnet", {"channels": 32, "depth": 4})) == 2880


def test_the_cost_is_of_a_picture_of_the_output_size() -> None:
    # head 16 -> 8, body 8 -> 8, tail 8 -> 16, each 3x3, for the 16 pixels of a cell
    assert macs_per_pixel(build("cellnet", TINY["cellnet"])) == 9 * (16 * 8 + 8 * 8 + 8 * 16) / 16


def test_buffers_are_no_parameters() -> None:
    network = build("cellnet", TINY["cellnet"])
    assert list(network.buffers())
    assert count_parameters(network) == 9 * (16 * 8 + 8 * 8 + 8 * 16) + 8 + 8 + 16


def test_counting_leaves_no_hooks_behind() -> None:
    network = build("plain", TINY["plain"])
    macs_per_pixel(network)
    assert not any(layer._forward_hooks for layer in network.modules())


def test_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="no network 'cellnett'; choose one of: cellnet, "):
        build("cellnett", {})


def test_a_data_source_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no data source 'films'; choose one of: calls, "):
        find_split(Data(source="films"), [tmp_path])


def test_an_option_that_is_not_known_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="'plain' has no option 'blocks'; expected some of: channels, depth"
    ):
        build("plain", {"blocks": 3})


@pytest.mark.parametrize("value", ["8", 8.5, True])
def test_a_value_of_another_kind_is_refused(value: Option) -> None:
    with pytest.raises(ConfigError, match=r"channels = .* is not of type int"):
        build("plain", {"channels": value})


def test_a_whole_number_is_a_number() -> None:
    assert build("enhanced", TINY["enhanced"] | {"unsharp": 0}).unsharp == 0


def test_the_table_has_every_recipe_and_every_network(rows: list[list[str]]) -> None:
    listed = [recipe for row in rows[2:] for recipe in row[1].split(", ") if recipe != "none"]
    assert sorted(listed) == sorted([*list_recipes(), *list_teachers()])
    assert {row[0].split()[0] for row in rows[2:]} == NETWORKS.keys()


def test_the_table_tells_what_a_recipe_costs(rows: list[list[str]]) -> None:
    network = load_recipe("fast").network
    built = build(network.name, network.options)
    (row,) = [row for row in rows if "fast" in row[1].split(", ")]
    assert row[2:] == [f"{macs_per_pixel(built):,.0f}", f"{count_parameters(built):,}", "44"]


def test_the_cheapest_network_comes_first(rows: list[list[str]]) -> None:
    costs = [int(row[2].replace(",", "")) for row in rows[2:]]
    assert costs == sorted(costs)


def test_every_row_of_the_table_has_its_columns(rows: list[list[str]]) -> None:
    assert {len(row) for row in rows} == {len(rows[0])}
