import pytest

from vcam.presence import Evidence

HOUR_S = 3600.0


def fall(evidence: Evidence, readings: list[tuple[float, bool | None]]) -> float | None:
    """Note (second, reading) one after the other; the second at which the level fell, if it did."""
    for second, is_watched in readings:
        evidence.note(is_watched, round(second * 1e9))
        if not evidence.is_present:
            return second
    return None


def absent(*seconds: float) -> list[tuple[float, bool | None]]:
    return [(second, False) for second in seconds]


def test_what_is_not_known_counts_as_present() -> None:
    assert Evidence().is_present
    assert fall(Evidence(), [(second, None) for second in range(100)]) is None


@pytest.mark.parametrize(("first", "is_present"), [(True, True), (None, True), (False, False)])
def test_the_first_reading_is_taken_as_it_is(first: bool | None, is_present: bool) -> None:
    evidence = Evidence()
    evidence.begin(first)
    assert evidence.is_present == is_present


def test_it_falls_when_the_grace_is_over() -> None:
    assert fall(Evidence(), absent(0, 1, 2, 3, 4, 4.999)) is None
    assert fall(Evidence(), absent(0, 1, 2, 3, 4, 5)) == 5


def test_two_readings_have_to_confirm_it() -> None:
    assert fall(Evidence(), absent(0, 5)) is None
    assert fall(Evidence(), absent(0, 5, 6)) == 6


@pytest.mark.parametrize("is_watched", [True, None])
def test_any_other_reading_begins_the_grace_again(is_watched: bool | None) -> None:
    evidence = Evidence()
    assert fall(evidence, [*absent(0, 1, 2, 3, 4), (4.5, is_watched), *absent(5, 6, 7, 8, 9)]) is None
    assert fall(evidence, absent(10)) == 10


def test_it_rises_at_once() -> None:
    evidence = Evidence()
    evidence.begin(False)
    evidence.note(True, 1)
    assert evidence.is_present


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_clock_that_jumps_confirms_nothing(jump_s: float) -> None:
    evidence = Evidence()
    assert fall(evidence, absent(0, 1, 2)) is None
    after = absent(*(jump_s + 2 + second for second in range(5)))
    assert fall(evidence, after) is None
    assert fall(evidence, absent(jump_s + 7)) == jump_s + 7, "the grace after the jump is as long as any"


def test_doubt_asks_for_more_readings_until_the_level_is_clear() -> None:
    evidence = Evidence()
    assert evidence.again_s(0) is None
    evidence.note(False, 0)
    assert evidence.again_s(0) == 1
    assert evidence.again_s(4_600_000_000) == pytest.approx(0.4)
    assert evidence.again_s(5_000_000_000) == 1
    evidence.note(True, 1)
    assert evidence.again_s(1) is None
