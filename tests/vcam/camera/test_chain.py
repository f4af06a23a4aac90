from dataclasses import replace
from pathlib import Path

from vcam.camera.chain import RunningChain
from vcam.camera.parts import make_chain, make_restorer
from vcam.camera.policy import Health
from vcam.camera.status import make_status
from vcam.config import Config
from vcam.meter import Meter
from vcam.pipeline import Stages
from vcam.sinks import NullSink


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


def test_what_has_no_time_to_denoise_stays_so_when_another_setting_changes(weights: Path) -> None:
    chain, config = make(weights)
    restorer = chain.chain.restorer
    assert restorer is not None
    chain.look_at_single_frames(True)
    chain.apply(replace(config, strength=0.5, denoise=0.7))
    assert (restorer.denoise, restorer.strength) == (0, 0.5)
    chain.look_at_single_frames(False)
    assert restorer.denoise == 0.7


def test_a_model_that_is_chosen_again_denoises(weights: Path) -> None:
    chain, config = make(weights)
    chain.look_at_single_frames(True)
    chain.apply(config, is_reload=True)
    assert chain.chain.restorer is not None
    assert (chain.chain.restorer.denoise, chain.is_single) == (config.denoise, False)


def test_the_status_tells_the_denoising_that_is_set_while_there_is_no_time_for_it() -> None:
    config = Config(sink="null", size=(64, 48), model="fast", provider="cpu", threads=1, denoise=0.7)
    chain = RunningChain(config, make_chain(config), Health())
    chain.look_at_single_frames(True)
    reading, sink = Meter().read(0), NullSink()
    status = make_status(config, chain.chain, reading, state="", source="", sink=sink, since_s=0.0)
    assert status.denoise == 0.7
