from typing import Any

import pytest

from bench.live import TARGETS, Target, find_misses
from vcam.cli import parse_arguments

TARGET = Target("p", "", fps=30, cores=1.0, age_p95_ms=50)


def run(fresh: int = 1800, age_ms: float = 40, cores: float = 0.9) -> dict[str, Any]:
    return {"fresh": fresh, "seconds": 60.0, "age_ms": {"p95": age_ms}, "cpu_cores": cores}


def test_a_run_within_its_limits_misses_nothing() -> None:
    assert find_misses(TARGET, run()) == []


@pytest.mark.parametrize(
    ("found", "miss"),
    [
        (run(fresh=1500), "25.0 of 30 fps"),
        (run(age_ms=50), "age 50, not 50 ms"),
        (run(cores=1.2), "1.20, not 1 cores"),
    ],
)
def test_each_limit_is_looked_at(found: dict[str, Any], miss: str) -> None:
    assert find_misses(TARGET, found) == [miss]


def test_a_limit_that_is_not_set_is_not_missed() -> None:
    assert find_misses(Target("p", ""), run(age_ms=500, cores=9)) == []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_program_knows_the_arguments(target: Target) -> None:
    parsed = parse_arguments(["run", *target.arguments.split()])
    assert parsed.sink == "null"
