from pathlib import Path
from typing import Any

import pytest
from report_files import write_record

from distill.report.plateau import gain_of_last_fifth, standing
from distill.report.records import Record, read_records

STEEP = [[500, 0.2], [1000, 0.6], [1500, 0.9], [2000, 1.0]]
FLAT = [[500, 0.2], [1000, 0.95], [1500, 0.99], [2000, 1.0]]


def record(folder: Path, **changed: Any) -> Record:
    write_record(folder, **changed)
    return read_records(folder)["tiny"]


def test_the_last_fifth_begins_between_two_validations() -> None:
    # at 1,600 of 2,000 iterations the curve is at 0.92
    assert gain_of_last_fifth([(500, 0.2), (1000, 0.6), (1500, 0.9), (2000, 1.0)]) == pytest.approx(0.08)


@pytest.mark.parametrize("curve", [[], [(100, 1.0)], [(1900, 0.9), (1950, 0.9), (2000, 1.0)]])
def test_too_few_validations_say_nothing(curve: list[tuple[int, float]]) -> None:
    assert gain_of_last_fifth(curve) is None


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"curve": FLAT}, "stands still; +0.01 dB in the last fifth"),
        ({"curve": STEEP}, "still gains; +0.08 dB in the last fifth"),
        ({"curve": STEEP, "core_seconds": 21_600}, "6 core-hours; +0.08 dB in the last fifth"),
        ({"curve": FLAT, "planned": 8000}, "unfinished, 25% of its schedule; +0.01 dB in the last fifth"),
        ({"curve": FLAT[:2]}, "too few validations"),
    ],
)
def test_a_curve_has_a_verdict(tmp_path: Path, changed: dict[str, Any], verdict: str) -> None:
    assert standing(record(tmp_path, **changed)) == verdict
