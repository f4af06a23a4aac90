import threading
import time

import pytest
from children import join

from vcam.deadline import call_within


def test_an_answer_in_time_comes_back() -> None:
    assert call_within(5, "answer", lambda: 42) == 42


def test_an_error_in_time_is_raised() -> None:
    def fail() -> int:
        raise OSError(5, "no")

    with pytest.raises(OSError, match="no"):
        call_within(5, "fail", fail)


def test_an_answer_that_comes_too_late_is_discarded_and_nobody_asks_twice_meanwhile() -> None:
    hang, discarded, calls = threading.Event(), threading.Event(), []

    def answer() -> str:
        calls.append(threading.current_thread().name)
        hang.wait()
        return "late"

    for _ in range(5):
        with pytest.raises(TimeoutError):
            call_within(0.01, "hangs", answer, lambda text: discarded.set() if text == "late" else None)
    assert calls == ["hangs"]
    hang.set()
    assert discarded.wait(5)


def test_after_the_hanging_one_has_ended_another_is_made() -> None:
    hang = threading.Event()
    with pytest.raises(TimeoutError):
        call_within(0.01, "ends", hang.wait)
    hang.set()
    for thread in threading.enumerate():
        if thread.name == "hangs: ends":
            join([thread])
    assert call_within(5, "ends", lambda: 42) == 42


def test_two_calls_at_once_that_do_not_hang_both_answer() -> None:
    assert call_within(5, "both", lambda: call_within(5, "both", lambda: 42)) == 42


def work_for(seconds: float) -> str:
    """Take processor time for so long, with pauses, as a thread on a busy machine does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
        time.sleep(0.001)
    return "late"


def test_a_call_that_works_gets_more_time() -> None:
    assert call_within(0.4, "works", lambda: work_for(0.7)) == "late"


def test_but_not_for_ever() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        call_within(0.1, "works on", lambda: work_for(2))
    assert time.monotonic() - start < 1.5


def test_a_call_that_worked_and_hangs_now_gets_none() -> None:
    hang = threading.Event()

    def work_and_hang() -> None:
        work_for(0.1)
        hang.wait()

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        call_within(0.4, "worked", work_and_hang)
    assert time.monotonic() - start < 0.75
    hang.set()
