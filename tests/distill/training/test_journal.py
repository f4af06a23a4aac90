import json
import math
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from distill.damage.degradation import DAMAGE_CLASSES
from distill.training.journal import Journal, read_curve
from distill.training.validate import Validation

FOUND = Validation(0.5, 52.0, [math.nan, 0.1, 0.2, 0.3, 0.4, 0.5])


def quiet(line: str) -> None:
    pass


def read_tensorboard(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


def write(folder: Path, iterations: list[int], start: int = 0) -> None:
    """A run from `start` that validates at these iterations."""
    with Journal(folder, quiet, start) as journal:
        for iteration in iterations:
            journal.log_step(iteration, 1 / iteration, 1e-3)
            journal.log_validation(
                iteration, Validation(iteration / 10 + start, 50.0, FOUND.by_kind), 1.0, ""
            )


def test_a_run_that_has_not_validated_has_no_curve(tmp_path: Path) -> None:
    assert read_curve(tmp_path) == []


def test_a_validation_is_an_entry_in_the_curve_and_a_line_for_a_person(tmp_path: Path) -> None:
    lines: list[str] = []
    with Journal(tmp_path / "run", lines.append) as journal:
        journal.log_validation(200, FOUND, 12.34, "toy 200/400")
    assert read_curve(tmp_path / "run") == [(200, 0.5)]
    assert json.loads((tmp_path / "run" / "curve.jsonl").read_text())["seconds"] == 12.3
    assert lines == ["toy 200/400 gain +0.500 dB, clean 52.0 dB"]


def test_a_resumed_run_rewinds_its_curve(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3, 4])
    write(tmp_path, [3, 4, 5], start=2)
    # the gains say which run wrote them
    assert read_curve(tmp_path) == [(1, 0.1), (2, 0.2), (3, 2.3), (4, 2.4), (5, 2.5)]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_run_that_starts_afresh_forgets_the_curve(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3])
    write(tmp_path, [1])
    assert read_curve(tmp_path) == [(1, 0.1)]


def test_tensorboard_shows_scalars_and_a_picture(tmp_path: Path) -> None:
    with Journal(tmp_path, quiet) as journal:
        journal.log_step(20, 0.75, 1e-3)
        journal.log_validation(20, FOUND, 1.0, "")
        journal.log_pictures(20, torch.rand(1, 16, 48))
    found = read_tensorboard(tmp_path)
    scalars = {
        tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]
    }
    # 1e-6: kept in float32
    assert scalars["loss"] == [(20, pytest.approx(0.75, rel=1e-6))]
    assert scalars["learning rate"] == [(20, pytest.approx(1e-3, rel=1e-6))]
    assert scalars["gain dB/all"] == [(20, pytest.approx(0.5, rel=1e-6))]
    assert scalars["gain dB/x4"] == [(20, pytest.approx(0.5, rel=1e-6))]
    (picture,) = found.Images("degraded, restored, true")
    assert (picture.step, picture.width, picture.height) == (20, 48, 16)
    assert picture.encoded_image_string.startswith(b"\x89PNG")


def test_a_kind_without_samples_has_no_curve_in_tensorboard(tmp_path: Path) -> None:
    write(tmp_path, [1])
    tags = read_tensorboard(tmp_path).Tags()["scalars"]
    assert {tag for tag in tags if tag.startswith("gain dB/")} == {
        "gain dB/all",
        *(f"gain dB/{kind}" for kind in DAMAGE_CLASSES[1:]),
    }


def test_tensorboard_shows_a_resumed_run_once(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3, 4])
    write(tmp_path, [3, 4, 5], start=2)
    gains = [
        (event.step, round(event.value, 3)) for event in read_tensorboard(tmp_path).Scalars("gain dB/all")
    ]
    assert gains == [(1, 0.1), (2, 0.2), (3, 2.3), (4, 2.4), (5, 2.5)]


def test_of_several_processes_one_writes(tmp_path: Path) -> None:
    lines: list[str] = []
    with Journal(tmp_path, lines.append, is_main=False) as journal:
        journal.log_step(1, 1.0, 1e-3)
        journal.log_validation(1, FOUND, 1.0, "")
        journal.log_pictures(1, torch.rand(1, 16, 48))
    assert lines == []
    assert not list(tmp_path.iterdir())
