"""An engine is used as long as its residual is right; the CPU provider goes on without a gap."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from vcam.restore.cells import Cells
from vcam.restore.network import EngineHealth, Network, Run, WatchedNetwork

CELLS = np.arange(1 * 6 * 5 * 4, dtype=np.uint8).reshape(1, 6, 5, 4)


class Plain(Network):
    """The network of the CPU provider: a half of each cell."""

    def __init__(self) -> None:
        self.reach, self.chroma, self.most = 2, 0.5, 0.85
        self.runs = 0

    def residual(self, cells: Cells) -> Cells:
        self.runs += 1
        return cells // 2


def watched(run: Run, health: EngineHealth | None = None, plain: Plain | None = None) -> WatchedNetwork:
    return WatchedNetwork(plain or Plain(), lambda shape: run, health or EngineHealth("toy"), 0.5)


def nearly(by: int) -> Run:
    return lambda cells: cells // 2 + np.uint8(by)


def test_a_right_engine_is_used() -> None:
    health, plain = EngineHealth("toy"), Plain()
    network = watched(nearly(1), health, plain)
    for _ in range(3):
        np.testing.assert_array_equal(network.residual(CELLS), CELLS // 2 + 1)
    assert (health.fault, plain.runs) == ("", 1)  # once, to compare
    assert (network.reach, network.chroma) == (2, 0.5)


def test_a_faster_engine_computes_whole_pictures_sooner() -> None:
    assert watched(nearly(0)).most == pytest.approx(0.85 / 2)


def fails_at_the_third() -> Run:
    runs = iter([CELLS // 2] * 2)
    return lambda cells: next(runs)


@pytest.mark.parametrize(
    ("run", "fault"),
    [
        (nearly(2), "differs from the CPU by 2 code values, expected at most 1"),
        (lambda cells: cells[:, 1:], r"returns uint8 \(1, 5, 5, 4\), expected uint8 \(1, 6, 5, 4\)"),
        (lambda cells: (cells // 2).astype(np.float32), "returns float32"),
        (lambda cells: 1 / 0, "does not run this model: division by zero"),
        (fails_at_the_third(), "failed in use"),
    ],
)
def test_where_an_engine_fails_the_cpu_goes_on_with_that_very_picture(run: Run, fault: str) -> None:
    health = EngineHealth("toy")
    network = watched(run, health)
    for _ in range(4):
        np.testing.assert_array_equal(network.residual(CELLS), CELLS // 2)
    assert re.search(fault, health.fault)
    assert network.most == 0.85


def test_an_engine_that_cannot_be_opened_is_given_up() -> None:
    health = EngineHealth("toy")

    def fail(shape: tuple[int, ...]) -> Run:
        raise RuntimeError("no such device")

    network = WatchedNetwork(Plain(), fail, health)
    np.testing.assert_array_equal(network.residual(CELLS), CELLS // 2)
    assert health.fault == "it does not run this model: no such device"


def test_parts_of_another_size_are_the_cpu_providers() -> None:
    network = watched(nearly(1))
    network.residual(CELLS)
    np.testing.assert_array_equal(network.residual(CELLS[:, 2:]), CELLS[:, 2:] // 2)
    np.testing.assert_array_equal(network.residual(CELLS), CELLS // 2 + 1)


def test_what_one_network_finds_holds_for_all_of_the_engine() -> None:
    health = EngineHealth("toy")
    first, second = watched(nearly(1), health), watched(nearly(9), health)
    first.residual(CELLS)
    second.residual(CELLS)
    np.testing.assert_array_equal(first.residual(CELLS), CELLS // 2)


def test_the_first_fault_is_the_one_that_is_told() -> None:
    health = EngineHealth("toy")
    give_up: Callable[[str], None] = health.give_up
    give_up("it is gone")
    give_up("it is still gone")
    assert health.fault == "it is gone"
