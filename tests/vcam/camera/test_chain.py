from dataclasses import replace
from pathlib import Path

from vcam.camera.chain import Assembly
from vcam.camera.parts import make_chain, make_restorer
from vcam.camera.policy import Health
from vcam.config import Config
from vcam.pipeline import Stages


def make(weights: Path) -> tuple[Assembly, Config]:
    config = Config(
        source="pattern", sink="null", size=(64, 48), weights=str(weights), provider="cpu", threads=1
    )
    return Assembly(config, make_chain(config), Health(), seed=0), config


def test_a_restorer_takes_the_place_of_the_one_it_was_made_for_with_the_settings_of_now(
    weights: Path,
) -> None:
    assembly, config = make(weights)
    old, new = assembly.chain.restorer, make_restorer(config)
    assert old is not None
    used: list[Stages] = []
    assembly.apply(replace(config, strength=0.5), used.append)  # while the new one was being loaded
    assert assembly.exchange_restorer(old, new, used.append)
    assert used[-1] == [("restore", new)]
    assert new.strength == 0.5


def test_a_restorer_that_failed_meanwhile_is_not_brought_back_by_its_successor(weights: Path) -> None:
    assembly, config = make(weights)
    old, new = assembly.chain.restorer, make_restorer(config)
    assert old is not None
    assembly.leave_out("restore")
    used: list[Stages] = []
    assert not assembly.exchange_restorer(old, new, used.append)
    assert (used, assembly.chain.restorer) == ([], None)
