"""Steps that are run in turns, timed, and set beside what they cannot go below."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.floors import Machine

BLOCK = 8  # calls in a row: decoder threads work ahead, a single call would be charged for another
SETTLE_S = 0.01  # then they end what they have begun


@dataclass(frozen=True)
class Step:
    """One thing that is done to a frame."""

    name: str
    run: Callable[[], object]
    moved: float  # bytes that must be read or written
    macs: float = 0.0
    is_part: bool = False  # of the step before that is none


@dataclass
class Times:
    """What was measured of a step."""

    wall_ms: list[float] = field(default_factory=list)  # of each call
    cpu_ms: list[float] = field(default_factory=list)  # of a call, by block


@dataclass(frozen=True)
class Row:
    """A step's cost beside its floor."""

    step: str
    is_part: bool
    ms: float
    cpu_ms: float
    floor_ms: float


def measure(steps: Sequence[Step], seconds: float) -> list[Times]:
    """Run the steps in turns, a block of each, until the time is over; the first call of each is left out."""
    times = [Times() for _ in steps]
    for step in steps:
        step.run()
    deadline_s = time.monotonic() + seconds
    while True:
        for step, found in zip(steps, times, strict=True):
            measure_block(step, found)
        if time.monotonic() >= deadline_s:
            return times


def measure_block(step: Step, found: Times) -> None:
    cpu_s = time.process_time()
    for _ in range(BLOCK):
        start_ns = time.perf_counter_ns()
        step.run()
        found.wall_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
    time.sleep(SETTLE_S)
    found.cpu_ms.append((time.process_time() - cpu_s) * 1e3 / BLOCK)


def make_rows(steps: Sequence[Step], times: Sequence[Times], machine: Machine) -> list[Row]:
    """The steps' medians and floors, and their sum without the parts."""
    rows = [
        Row(
            step.name,
            step.is_part,
            median(found.wall_ms),
            median(found.cpu_ms),
            machine.floor_ms(step.moved, step.macs),
        )
        for step, found in zip(steps, times, strict=True)
    ]
    whole = [row for row in rows if not row.is_part]
    total = Row(
        "sum",
        False,
        sum(row.ms for row in whole),
        sum(row.cpu_ms for row in whole),
        sum(row.floor_ms for row in whole),
    )
    return [*rows, total]


def print_rows(title: str, rows: Sequence[Row]) -> None:
    print(f"\n{title}\n")
    print("| step | ms | CPU-ms | floor, ms | times the floor |")
    print("| --- | --- | --- | --- | --- |")
    for row in rows:
        name = f"- {row.step}" if row.is_part else f"**{row.step}**"
        ratio = f"{row.ms / row.floor_ms:.1f}" if row.floor_ms else ""
        print(f"| {name} | {row.ms:.2f} | {row.cpu_ms:.2f} | {row.floor_ms:.2f} | {ratio} |")


def as_json(row: Row) -> dict[str, float]:
    return {
        "ms": round(row.ms, 3),
        "cpu_ms": round(row.cpu_ms, 3),
        "floor_ms": round(row.floor_ms, 3),
    }
