"""Samples of the last five minutes, for charts."""

from typing import Any

from vcam.camera.history import NS, SPAN_S, History
from vcam.meter import Meter


def second(meter: Meter, now_s: int, frames: int = 30, age_ms: float = 20.0) -> None:
    """A second of frames, each restored in 5 ms."""
    for k in range(frames):
        now_ns = (now_s - 1) * NS + (k + 1) * NS // frames
        meter.count_stage("restore", 5.0)
        meter.count_sent(now_ns, now_ns - round(age_ms * 1e6))


def series(history: History, now_s: int) -> dict[str, Any]:
    answer: Any = history.as_json(now_s * NS)
    assert answer["step_s"] == 1
    return answer["series"]


def test_a_sample_is_of_its_own_second() -> None:
    history, meter = History(), Meter()
    for now_s, age_ms in ((101, 20.0), (102, 80.0)):
        second(meter, now_s, age_ms=age_ms)
        history.note(now_s * NS, meter, kbps=300.04, gain_db=1.234)
    told = series(history, 102)
    assert [len(told[name]) for name in ("fps", "age_p50", "age_p95", "kbps", "gain_db")] == [SPAN_S] * 5
    assert told["age_p50"][-3:] == [None, 20.0, 80.0]
    assert told["age_p95"][-1] == 80.0
    assert (told["kbps"][-1], told["gain_db"][-1]) == (300.0, 1.23)
    assert told["stage_ms"] == {"restore": [None] * (SPAN_S - 2) + [5.0, 5.0]}
    assert abs(told["fps"][-1] - 30) < 1


def test_one_sample_a_second_however_often_it_is_asked() -> None:
    history, meter = History(), Meter()
    assert history.is_due(100 * NS)
    history.note(100 * NS, meter)
    assert not history.is_due(100 * NS + NS // 2)
    assert history.is_due(101 * NS)


def test_a_second_that_nobody_sampled_and_a_pause_are_gaps() -> None:
    history, meter = History(), Meter()
    second(meter, 100)
    history.note(100 * NS, meter, kbps=300)
    history.note(102 * NS, meter, kbps=300)
    told = series(history, 102)
    assert told["fps"][-2] is None
    assert told["fps"][-1] is not None
    assert (told["age_p50"][-3:], told["kbps"][-3:]) == ([20.0, None, None], [300, None, None])


def test_the_second_that_runs_is_no_gap() -> None:
    history, meter = History(), Meter()
    second(meter, 100)
    history.note(100 * NS, meter)
    assert series(history, 101)["age_p50"][-1] == 20.0


def test_drops_are_those_of_the_last_minute_by_cause() -> None:
    history, meter = History(), Meter()
    for now_s in range(100, 200):
        if now_s in (110, 150):
            meter.count_drop("busy", 3)
        history.note(now_s * NS, meter, link_drops={"link_lost": 2} if now_s >= 120 else None)
    told = series(history, 199)["drops_per_min"]
    at = {now_s: told["busy"][now_s - 200] for now_s in (109, 110, 150, 169, 170, 199)}
    assert at == {109: 0, 110: 3, 150: 6, 169: 6, 170: 3, 199: 3}
    assert told["link_lost"][-1] == 0, "counted once, at the 120th second"
    assert told["link_lost"][120 - 200] == 2


def test_a_restart_starts_its_counts_again() -> None:
    history, meter = History(), Meter()
    second(meter, 100)
    meter.count_drop("busy", 10)
    history.note(100 * NS, meter)
    other = Meter()
    second(other, 101, frames=20, age_ms=40)
    other.count_drop("busy", 1)
    history.note(101 * NS, other)
    told = series(history, 101)
    assert (told["age_p50"][-1], told["drops_per_min"]["busy"][-1]) == (40.0, 11)


def test_what_is_kept_has_an_end() -> None:
    history, meter = History(), Meter()
    for now_s in range(1000):
        history.note(now_s * NS, meter)
    assert len(history._samples) == SPAN_S + 60
