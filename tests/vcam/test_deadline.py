import threading

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
