from dataclasses import replace
from pathlib import Path

from vcam.camera.chain import RunningChain
from vcam.camera.parts import make_chain, make_restorer
from vcam.camera.policy import Health
from vcam.config import Config
from vcam.pipeline import Stages


def make(weights: Path) -> tuple[RunningChain, Config]:
    config = Config(
        source="pattern", sink="null", size=(64, 48), weights=str(weights), provider="cpu", threads=1
    )
    return RunningChain(config, make_chain(config), Health()), config


def test_a_restorer_takes_the_place_of_the_one_it_was_made_for_with_the_settings_of_now(
    weights: Path,
) -> None:
    chain, config = make(weights)
    old, new = chain.chain.restorer, make_restorer(config)
    assert old is not None
    used: list[Stages] = []
    chain.use = used.append
    chain.apply(replace(config, strength=0.5))  # while the new one was being loaded
    assert chain.exchange_restorer(old, new)
    assert used[-1] == [("restore", new)]
    assert new.strength == 0.5


def test_a_restorer_that_failed_meanwhile_is_not_brought_back_by_its_successor(weights: Path) -> None:
    chain, config = make(weights)
    old, new = chain.chain.restorer, make_restorer(config)
    assert old is not None
    chain.leave_out("restore")
    used: list[Stages] = []
    chain.use = used.append
    assert not chain.exchange_restorer(old, new)
    assert (used, chain.chain.restorer) == ([], None)
