"""Whether a network's training stands still, by its curve: the rule, in code."""

from collections.abc import Sequence

from distill.report.markdown import signed
from distill.report.records import Record

STILL_DB = 0.02  # gained at most in the last fifth of the iterations
MOST_CORE_S = 6 * 3600
LAST_PART = 0.2


def gain_of_last_fifth(curve: Sequence[tuple[int, float]]) -> float | None:
    """Gain in dB of the last fifth of the iterations; None with too few validations to tell.

    curve   iteration and gain over the input, by iteration; between two validations it is taken as straight
    """
    if len(curve) < 3:
        return None
    start = curve[-1][0] * (1 - LAST_PART)
    after = next(place for place, (iteration, _) in enumerate(curve) if iteration >= start)
    if after == 0:
        return None
    (left, low), (right, high) = curve[after - 1], curve[after]
    share = (start - left) / (right - left)
    return curve[-1][1] - (low + share * (high - low))


def is_at_rest(record: Record) -> bool:
    """Whether its whole schedule is done and its last fifth gained next to nothing."""
    gained = gain_of_last_fifth(record.curve)
    return gained is not None and gained <= STILL_DB and record.iterations >= (record.planned or 0)


def standing(record: Record) -> str:
    """The verdict on a record's training, for a table."""
    gained = gain_of_last_fifth(record.curve)
    planned = record.planned or record.iterations
    if gained is None:
        return "too few validations"
    if record.iterations < planned:
        return f"unfinished, {record.iterations / planned:.0%} of its schedule; {_told(gained)}"
    if gained <= STILL_DB:
        return f"stands still; {_told(gained)}"
    if (record.core_seconds or 0) >= MOST_CORE_S:
        return f"6 core-hours; {_told(gained)}"
    return f"still gains; {_told(gained)}"


def _told(gained: float) -> str:
    return f"{signed(gained)} dB in the last fifth"
