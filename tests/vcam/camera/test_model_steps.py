from collections.abc import Sequence

import pytest
from manual_time import ManualTime

from vcam.camera.lag import Counts, Lag
from vcam.camera.model_steps import (
    FIRST_WAIT_NS,
    SECOND_NS,
    SINGLE_FRAMES,
    ModelStepper,
    Step,
    list_steps,
    neighbour,
)
from vcam.errors import ModelError
from vcam.manifest import ModelSpec

NAMES = ["best", "good", "fast"]
FPS = 30
COSTS_MS = {"best": 20.0, "good": 10.0, "fast": 4.0}
PERIOD_MS = 1000 / FPS


class Machine:
    """A camera of 30 fps on a machine whose load a test sets: a frame that takes longer than its period makes
    others late."""

    def __init__(self, model: str = "best", names: Sequence[str] = NAMES) -> None:
        self.model = model
        self.load = 1.0  # what each model's time is multiplied by
        self.is_flowing = True
        self.broken: set[str] = set()
        self.changes: list[tuple[int, str]] = []
        self.tries = 0
        self.time = ManualTime()
        self.lag = Lag()
        self.pace = ModelStepper(lambda: names, self.switch, self.time.clock)
        self.fresh, self.busy = 0.0, 0.0

    def switch(self, name: str, has_budget: bool) -> bool:
        self.tries += 1
        if name in self.broken:
            raise ModelError(f"cannot load the model {name!r}")
        if has_budget and COSTS_MS[name] * self.load > 0.45 * PERIOD_MS:
            return False
        self.model = name
        self.changes.append((self.time.clock() // SECOND_NS, name))
        return True

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.time.sleep(0.25)
            if self.is_flowing:
                done = min(1.0, PERIOD_MS / (COSTS_MS[self.model] * self.load))
                self.fresh += FPS / 4 * done
                self.busy += FPS / 4 * (1 - done)
            self.lag.note(Counts(self.time.clock(), round(self.fresh), {"busy": round(self.busy)}))
            self.pace.poll(self.model, self.lag)


def test_while_frames_are_on_time_nothing_changes() -> None:
    machine = Machine()
    machine.run(600)
    assert machine.model == "best"
    assert machine.changes == []
    assert machine.pace.reason == ""


def test_frames_late_for_seconds_bring_a_faster_model_and_the_reason_is_told() -> None:
    machine = Machine()
    machine.load = 3
    machine.run(12)
    assert machine.model == "good"
    assert machine.pace.reason == (
        "the model good runs in place of best, with which 44% of the frames came late;"
        " best is tried again when the machine has time"
    )


def test_it_steps_down_until_it_keeps_up() -> None:
    machine = Machine()
    machine.load = 6
    machine.run(30)
    assert machine.model == "fast"
    machine.run(300)
    assert [name for _, name in machine.changes] == ["good", "fast"]


def test_a_hiccup_of_a_second_changes_nothing() -> None:
    machine = Machine()
    machine.run(60)
    machine.load = 1.7
    machine.run(1)
    machine.load = 1
    machine.run(120)
    assert machine.changes == []


def test_with_room_the_better_model_comes_back_after_a_calm_minute() -> None:
    machine = Machine()
    machine.load = 3
    machine.run(12)
    machine.load = 0.5
    machine.run(FIRST_WAIT_NS / SECOND_NS - 5)
    assert machine.model == "good"
    machine.run(15)
    assert machine.model == "best"
    assert machine.pace.reason == ""


def test_without_room_it_is_tried_and_not_taken() -> None:
    """`good` is on time at 3 times its cost, but `best` would take twice the period."""
    machine = Machine()
    machine.load = 3
    machine.run(1800)
    assert [name for _, name in machine.changes] == ["good"]
    assert 2 < machine.tries < 10  # each one costs some warm-up runs


def test_it_never_goes_to_and_fro() -> None:
    """The worst case: whenever a better model is tried there seems to be room, and then there is none."""
    machine = Machine("fast", ["best", "fast"])
    for _ in range(6 * 60 * 4):
        machine.load = 0.5 if machine.model == "fast" else 4
        machine.run(15)
    later = [at for at, _ in machine.changes if at > 2 * 3600]
    assert len(machine.changes) < 24
    assert len(later) <= 8  # an hour apart


def test_a_better_model_that_kept_up_for_long_is_soon_tried_again() -> None:
    machine = Machine("good")
    for _ in range(3):
        machine.load = 0.5
        machine.run(1000)
        assert machine.model == "best"
        machine.load = 3
        machine.run(15)
        assert machine.model == "good"


def test_while_no_frames_come_no_time_counts_as_calm() -> None:
    machine = Machine("good")
    machine.run(30)
    machine.is_flowing = False
    machine.load = 0.5
    machine.run(600)
    assert machine.changes == []


def test_a_model_that_cannot_be_loaded_is_tried_now_and_then() -> None:
    machine = Machine()
    machine.load, machine.broken = 3, {"good"}
    machine.run(120)
    assert machine.model == "best"
    assert 2 <= machine.tries <= 13  # ten seconds apart


def test_the_fastest_model_stays_however_late_its_frames_are() -> None:
    machine = Machine("fast")
    machine.load = 20
    machine.run(120)
    assert machine.changes == []


def test_a_model_that_was_chosen_by_hand_is_the_start_of_another_story() -> None:
    machine = Machine()
    machine.load = 3
    machine.run(12)
    machine.pace.forget()
    assert machine.pace.reason == ""


@pytest.mark.parametrize(
    ("model", "step", "expected"),
    [
        ("best", Step.FASTER, "good"),
        ("fast", Step.FASTER, None),
        ("good", Step.BETTER, "best"),
        ("best", Step.BETTER, None),
        ("gone", Step.BETTER, None),
    ],
)
def test_the_next_model_that_way(model: str, step: Step, expected: str | None) -> None:
    assert neighbour(NAMES, model, step) == expected


def spec(name: str, fused: bool) -> ModelSpec:
    return ModelSpec(name, 4, 1.0, {}, fused=fused)


def test_the_last_resort_is_the_fastest_model_on_single_frames() -> None:
    specs = {"best": spec("best", True), "fast": spec("fast", True)}
    assert list_steps(specs, denoise=1.0) == ["best", "fast", "fast" + SINGLE_FRAMES]
    assert list_steps(specs, denoise=0.0) == ["best", "fast"]
    assert list_steps({"fast": spec("fast", False)}, denoise=1.0) == ["fast"]
    assert list_steps({}, denoise=1.0) == []
