import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from vcam.errors import ModelError
from vcam.restore import Cells, Network
from vcam.restore.model import Shares
from vcam.restore.tuning import INERTIA, LOOK_EVERY, TOLERANCE, Tuning, prepare_beside

SEEN = (640, 360)
CELLS = np.zeros((1, 2, 2, 16), np.uint8)


class Script:
    """A model whose gauge says what a test tells it to, and which counts what it is asked for."""

    def __init__(self, says: Sequence[float]) -> None:
        self.says = list(says)  # the first expert's share, look by look; the last one stays
        self.looks = 0
        self.opened: list[tuple[float, float]] = []  # (first expert's share, crispness)
        self.alike = Network(None, 1)

    @property
    def all_alike(self) -> Shares:
        return np.array([0.5, 0.5], np.float32)

    def measure(self, cells: np.ndarray) -> Shares:
        first = self.says[min(self.looks, len(self.says) - 1)]
        self.looks += 1
        return np.array([first, 1 - first], np.float32)

    def network(self, shares: Shares, crispness: float) -> Network:
        self.opened.append((float(shares[0]), crispness))
        return Network(None, 1)


def run(tuning: Tuning, frames: int) -> list[Network]:
    return [tuning.network(CELLS, SEEN, False) for _ in range(frames)]


def test_the_first_frame_is_measured_and_believed() -> None:
    model = Script([0.9])
    run(Tuning(model), 1)
    assert model.opened == [(pytest.approx(0.9), 0)]


def test_it_looks_twice_a_second_and_keeps_the_network_while_nothing_changes() -> None:
    model = Script([0.9])
    tuning = Tuning(model)
    networks = run(tuning, 10 * LOOK_EVERY)
    before = model.looks
    networks += run(tuning, 10 * LOOK_EVERY)
    assert model.looks == before + 10
    assert len(set(map(id, networks))) == 1


def test_at_first_it_looks_more_often_since_the_first_picture_is_the_worst() -> None:
    model = Script([0.9])
    tuning = Tuning(model)
    looked = []
    for frame in range(3 * LOOK_EVERY):
        before = model.looks
        tuning.network(CELLS, SEEN, frame == 20)
        if model.looks > before:
            looked.append(frame)
    assert looked == [0, 1, 3, 7, 15, 20, 21, 23, 27, 35]


def test_a_change_of_the_damage_is_followed_with_inertia() -> None:
    model = Script([1.0, 0.0])
    run(Tuning(model), 2)
    assert model.opened[-1] == (pytest.approx(INERTIA), 0)
    assert len(model.opened) == 2


def test_in_the_end_the_change_is_believed() -> None:
    model = Script([1.0, 0.0])
    run(Tuning(model), 12 * LOOK_EVERY)
    assert model.opened[-1][0] <= TOLERANCE
    # and once it is there, it stays
    count = len(model.opened)
    assert count < 8


def test_a_flicker_of_the_gauge_changes_nothing() -> None:
    says = [0.5 + 0.05 * (-1) ** look for look in range(40)]
    model = Script(says)
    networks = run(Tuning(model), 30 * LOOK_EVERY)
    assert len(set(map(id, networks))) == 1


@pytest.mark.parametrize(("seen", "is_cut"), [(SEEN, True), ((320, 180), False)])
def test_a_cut_and_another_rate_are_looked_at_at_once_and_believed(
    seen: tuple[int, int], is_cut: bool
) -> None:
    model = Script([1.0, 0.0])
    tuning = Tuning(model)
    tuning.network(CELLS, SEEN, False)
    tuning.network(CELLS, seen, is_cut)
    assert model.opened == [(1.0, 0), (0.0, 0)]


def test_a_network_is_kept_that_is_off_by_less_than_the_tolerance_in_all() -> None:
    """Small steps one after the other add up: the distance is to what is in use, not to the last estimate."""
    model = Script([0.0, *np.linspace(0.01, 1.0, 60)])
    run(Tuning(model), 70 * LOOK_EVERY)
    assert model.opened[-1][0] > 0.8


def test_crispness_takes_effect_at_the_next_frame() -> None:
    model = Script([0.9])
    tuning = Tuning(model)
    run(tuning, 2)
    tuning.crispness = 0.4
    run(tuning, 2)
    assert [crispness for _, crispness in model.opened] == [0, 0.4]


class Delayed:
    """Prepares networks when a test says so: what a thread does, without one."""

    def __init__(self) -> None:
        self.opens: list[tuple[Callable[[], Network], Future[Network]]] = []

    def __call__(self, open_network: Callable[[], Network], cells: Cells) -> Future[Network]:
        self.opens.append((open_network, Future()))
        return self.opens[-1][1]

    def finish(self) -> Network:
        open_network, future = self.opens[-1]
        network = open_network()
        future.set_result(network)
        return network


def test_frames_go_on_with_the_old_network_until_the_new_one_is_ready() -> None:
    model, prepare = Script([0.9, 0.0]), Delayed()
    tuning = Tuning(model, prepare=prepare)
    assert run(tuning, 1) == [model.alike]  # nothing else is there yet
    first = prepare.finish()
    assert run(tuning, 30) == [first] * 30  # the damage has changed, and the next one takes its time
    second = prepare.finish()
    assert run(tuning, 1) == [second]


def test_one_network_is_prepared_at_a_time_and_the_last_wish_is_met() -> None:
    model, prepare = Script([0.9]), Delayed()
    tuning = Tuning(model, prepare=prepare)
    for crispness in (0.1, 0.2, 0.3):
        tuning.crispness = crispness
        run(tuning, 5)
    assert len(prepare.opens) == 1
    prepare.finish()
    run(tuning, 1)
    prepare.finish()
    run(tuning, 1)
    assert [crispness for _, crispness in model.opened] == [0.1, 0.3]


def test_a_network_that_cannot_be_opened_is_told_at_the_next_frame() -> None:
    prepare = Delayed()
    tuning = Tuning(Script([0.9]), prepare=prepare)
    run(tuning, 1)
    prepare.opens[-1][1].set_exception(ModelError("no memory on the GPU"))
    with pytest.raises(ModelError, match="no memory on the GPU"):
        run(tuning, 1)


def test_beside_means_in_another_thread_and_after_a_first_run() -> None:
    ran: list[int] = []

    class Slow(Network):
        def residual(self, cells: Cells) -> Cells:
            ran.append(threading.get_ident())
            return cells

    network = Slow(None, 1)
    assert prepare_beside(lambda: network, CELLS).result(timeout=20) is network
    assert len(ran) == 1
    assert ran[0] != threading.get_ident()


def test_what_fails_beside_is_handed_over() -> None:
    def fail() -> Network:
        raise ModelError("no memory on the GPU")

    with pytest.raises(ModelError, match="no memory on the GPU"):
        prepare_beside(fail, CELLS).result(timeout=20)


ENDS_MEANWHILE = """
import threading, time
from vcam.restore import tuning

class Slow:
    def residual(self, cells):
        opened.set()
        time.sleep(0.5)
        print("whole")

opened = threading.Event()
tuning.prepare_beside(Slow, None)
opened.wait()
"""


def test_a_program_ends_only_after_the_network_that_it_opens() -> None:
    """Else ONNX Runtime's frames in that thread are unwound, and the process aborts."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDS_MEANWHILE], capture_output=True, text=True, timeout=100, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "whole\n", "")
