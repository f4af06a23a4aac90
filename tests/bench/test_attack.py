"""Each fault of bench.attack reaches a real daemon, and is taken back."""

import hashlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from children import PATIENCE_S, child

from bench.attack import Outcome, attack, attack_once, rounds, summary, table
from bench.faults import FAULTS
from bench.victim import Victim, running_victim


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with running_victim(tmp_path_factory.mktemp("home")) as running:
        yield running


def private_files(victim: Victim) -> dict[str, str]:
    """What a fault may change, and must give back."""
    files = [victim.config, *victim.weights.iterdir()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_can_be_injected_and_gives_back_what_it_changed(victim: Victim, kind: str) -> None:
    files, threads = private_files(victim), threading.active_count()
    with FAULTS[kind](victim, np.random.default_rng(0)):
        assert victim.is_alive
    assert private_files(victim) == files
    assert threading.active_count() == threads


@pytest.mark.slow
def test_the_camera_recovers_from_damaged_weights(victim: Victim) -> None:
    outcome = attack_once(victim, "damaged weights", np.random.default_rng(0))
    assert outcome.recovery_s is not None
    assert not outcome.ended


def test_a_process_that_a_fault_ends_counts_as_dead_and_ends_the_attack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def kill(victim: Victim, rng: np.random.Generator) -> Iterator[None]:
        os.kill(victim.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
        yield

    monkeypatch.setitem(FAULTS, "kill", kill)
    with child(["sleep", "60"]) as process:
        outcomes = list(attack(Victim(tmp_path, process.pid, 1, ""), ["kill"], 5, seed=0))
    found = summary(outcomes, {})
    assert (found["injected"], found["recovered"], found["dead"]) == (1, 0, 1)


def test_each_round_has_every_kind_once() -> None:
    drawn = rounds(list("abc"), seed=1)
    for _ in range(3):
        assert sorted(next(drawn)[0] for _ in range(3)) == list("abc")


def test_the_same_seed_gives_the_same_faults() -> None:
    def draw() -> list[tuple[str, int]]:
        drawn = rounds(list("abc"), seed=2)
        return [(kind, int(rng.integers(10**6))) for kind, rng in (next(drawn) for _ in range(7))]

    assert draw() == draw()


def test_the_table_counts_by_kind() -> None:
    outcomes = [Outcome("a", (3.0, 5.0, 4.0), 0.5, False), Outcome("a", (), None, True)]
    assert list(table(outcomes))[2:] == ["| a | 2 | 1 | 1 | 5 | 3 | 0.5 |"]
