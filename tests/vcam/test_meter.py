import pytest
from children import run_together

from vcam.meter import WINDOW, Meter, Percentiles, percentiles

MS = 1_000_000
SECOND = 1000 * MS


def send_steadily(meter: Meter, fps: float, seconds: float, start_ns: int = 0) -> int:
    """Count frames sent at a steady rate; returns the time of the last one."""
    now_ns = start_ns
    for number in range(int(fps * seconds)):
        now_ns = start_ns + round(number * SECOND / fps)
        meter.count_sent(now_ns, None)
    return now_ns


def test_a_new_meter_reads_zero() -> None:
    reading = Meter().read(0)
    assert (reading.sent, reading.fresh, reading.fps, reading.age_ms) == (0, 0, 0.0, Percentiles())
    assert reading.stage_ms == {}
    assert reading.drops == {}


@pytest.mark.parametrize("fps", [5, 30, 60])
def test_the_rate_is_that_of_the_frames_sent(fps: float) -> None:
    meter = Meter()
    now_ns = send_steadily(meter, fps, 8)
    assert meter.read(now_ns).fps == pytest.approx(fps, rel=1e-3)


def test_the_rate_is_of_the_last_five_seconds() -> None:
    meter = Meter()
    now_ns = send_steadily(meter, 60, 4)
    now_ns = send_steadily(meter, 10, 6, now_ns + SECOND // 10)
    assert meter.read(now_ns).fps == pytest.approx(10, rel=1e-3)


def test_a_stalled_output_reads_slower_and_slower() -> None:
    meter = Meter()
    last_ns = send_steadily(meter, 30, 8)
    rates = [meter.read(last_ns + wait_ns).fps for wait_ns in (0, SECOND, 3 * SECOND, 6 * SECOND)]
    assert rates == sorted(rates, reverse=True)
    assert rates[1] < 29
    assert rates[-1] == 0


def test_repeats_are_sent_but_not_fresh_and_have_no_age() -> None:
    meter = Meter()
    meter.count_sent(50 * MS, 10 * MS)
    meter.count_sent(80 * MS, None)
    reading = meter.read(80 * MS)
    assert (reading.sent, reading.fresh) == (2, 1)
    assert reading.age_ms == Percentiles(40, 40, 40)


def test_ages_are_from_capture_to_publish() -> None:
    meter = Meter()
    for age in range(1, 101):
        meter.count_sent(age * MS, 0)
    age_ms = meter.read(0).age_ms
    # numpy interpolates between the samples 1..100
    assert (age_ms.p50, age_ms.p95, age_ms.p99) == (50.5, 95.05, 99.01)


def test_only_the_last_samples_count() -> None:
    meter = Meter()
    meter.count_stage("restore", 1000)
    for _ in range(WINDOW):
        meter.count_stage("restore", 5)
    assert meter.read(0).stage_ms == {"restore": Percentiles(5, 5, 5)}


def test_each_stage_has_its_own_times() -> None:
    meter = Meter()
    meter.count_stage("link", 2)
    meter.count_stage("restore", 8)
    reading = meter.read(0)
    assert (reading.stage_ms["link"].p50, reading.stage_ms["restore"].p50) == (2, 8)


def test_drops_are_counted_by_their_cause() -> None:
    meter = Meter()
    meter.count_drop("source", 3)
    meter.count_drop("busy")
    meter.count_drop("busy")
    assert meter.read(0).drops == {"source": 3, "busy": 2}


def test_a_reading_does_not_change_afterwards() -> None:
    meter = Meter()
    meter.count_drop("busy")
    reading = meter.read(0)
    meter.count_drop("busy")
    meter.count_stage("restore", 1)
    assert reading.drops == {"busy": 1}
    assert reading.stage_ms == {}


def test_no_count_is_lost_between_threads() -> None:
    meter = Meter()

    def count() -> None:
        for _ in range(2000):
            meter.count_drop("busy")

    run_together(*[count] * 4)
    assert meter.read(0).drops == {"busy": 8000}


def test_no_samples_give_zeros() -> None:
    assert percentiles([]) == Percentiles(0, 0, 0)


def test_the_output_beats_on_while_nothing_gets_out() -> None:
    meter = Meter()
    meter.count_sent(0, None)
    meter.count_drop("unpublished")
    meter.count_drop("busy")
    assert (meter.output_ticks, meter.read(0).sent) == (2, 1)
