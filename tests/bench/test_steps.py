import pytest

from bench.floors import Instructions, Machine
from bench.steps import BLOCK, Step, Times, make_rows, measure

MACHINE = Machine("m", 1, Instructions("x", "x", 10), clock_hz=1e9, bytes_per_s=1e9)


def nothing() -> None:
    pass


def test_the_sum_leaves_the_parts_out() -> None:
    steps = [
        Step("a", nothing, 1e6),
        Step("part", nothing, 5e6, is_part=True),
        Step("b", nothing, 0, macs=30e6),
    ]
    times = [Times([1, 2, 9], [3]), Times([7], [7]), Times([4], [5])]
    rows = make_rows(steps, times, MACHINE)
    assert [row.step for row in rows] == ["a", "part", "b", "sum"]
    assert [row.floor_ms for row in rows] == pytest.approx([1, 5, 3, 4])
    assert (rows[-1].ms, rows[-1].cpu_ms) == (6, 8)


def test_steps_take_turns_in_blocks_after_one_call_each() -> None:
    calls: list[str] = []
    steps = [Step(name, lambda name=name: calls.append(name), 0) for name in "ab"]  # type: ignore[misc]
    found = measure(steps, 0)
    assert calls == ["a", "b", *["a"] * BLOCK, *["b"] * BLOCK]
    assert [(len(times.wall_ms), len(times.cpu_ms)) for times in found] == [(BLOCK, 1)] * 2
