import pytest

from tests.system.tap import tally

SOUND = ["ok 1 - it is listed", "# took 0.3 s", "ok 2 - it sleeps # SKIP this machine does not", "1..2"]


def test_results_are_counted_by_their_kind() -> None:
    found = tally([*SOUND[:3], "not ok 3 - it is restored", "1..3"])
    assert (found.passed, found.failed, found.skipped) == (1, 1, 1)
    assert found.complaints == ["it is restored"]
    assert str(found) == "1 passed, 1 failed, 1 skipped"


def test_all_that_passed_is_no_failure() -> None:
    assert tally(SOUND).failed == 0


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "ended without a plan, after 0 results"),
        (SOUND[:-1], "ended without a plan, after 2 results"),
        ([*SOUND[:-1], "1..7"], "planned 7 checks, after 2 results"),
    ],
)
def test_a_machine_that_dies_is_a_failure(lines: list[str], complaint: str) -> None:
    found = tally(lines)
    assert found.failed == 1
    assert complaint in found.complaints[0]


def test_sums_keep_every_complaint() -> None:
    total = tally(["not ok 1 - a", "1..1"])
    total.add(tally(["not ok 1 - b", "1..1"]))
    assert total.failed == 2
    assert total.complaints == ["a", "b"]
