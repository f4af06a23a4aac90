"""What the user gives of the processor, and what is taken."""

import os
from pathlib import Path

import pytest

from vcam.camera.effort import EFFORTS, budget_of, threads_of
from vcam.camera.parts import load_model
from vcam.camera.processor_share import ProcessorShare
from vcam.config import Config, replace_setting
from vcam.config.settings import EFFORTS as NAMES
from vcam.errors import ConfigError


def test_every_choice_has_a_meaning() -> None:
    assert tuple(EFFORTS) == NAMES


def test_quiet_takes_one_thread_and_less_of_a_frame() -> None:
    quiet, balanced, best = (Config(cpu=name) for name in NAMES)
    assert [threads_of(each) for each in (quiet, balanced, best)] == [1, 0, 0]
    walls_ms = [budget_of(each).wall_ms for each in (quiet, balanced, best)]
    assert walls_ms == sorted(walls_ms)
    assert walls_ms[-1] < 1000 / 30


@pytest.mark.parametrize(("cores", "processor_ms"), [(1, 40 / 3), (2, 80 / 3), (8, 320 / 3)])
def test_a_call_keeps_two_thirds_of_the_cores(
    cores: int, processor_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
    assert budget_of(Config(fps=25)).processor_ms == pytest.approx(processor_ms)
    assert budget_of(Config(fps=25, cpu="best")).processor_ms == pytest.approx(3 * processor_ms)


def test_threads_that_are_named_win() -> None:
    assert threads_of(Config(cpu="quiet", threads=3)) == 3


def test_a_quiet_camera_loads_its_model_with_one_thread(weights: Path) -> None:
    config = Config(weights=str(weights), size=(64, 48), provider="cpu", cpu="quiet")
    assert load_model(config).threads == 1


def test_another_word_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"cpu = 'loud'.*expected quiet, balanced, best"):
        replace_setting(Config(), "cpu", "loud")


class Clocks:
    now_s = 100.0
    used_s = 7.0


def test_the_share_is_that_of_the_last_seconds() -> None:
    clocks = Clocks()
    share = ProcessorShare(lambda: clocks.now_s, lambda: clocks.used_s)
    assert share.cores is None
    for cores in (2.0,) * 20 + (0.5,) * 20:  # four a second
        clocks.now_s += 0.25
        clocks.used_s += 0.25 * cores
        share.note()
    assert share.cores == pytest.approx(0.5)


def test_the_share_of_a_short_time_is_all_of_it() -> None:
    clocks = Clocks()
    share = ProcessorShare(lambda: clocks.now_s, lambda: clocks.used_s)
    clocks.now_s, clocks.used_s = 101.0, 8.5
    assert share.cores == pytest.approx(1.5)
