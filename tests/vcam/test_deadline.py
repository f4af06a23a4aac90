import math
import threading
import time

import pytest
from children import PATIENCE_S, join
from manual_time import ManualTime

from vcam.deadline import MOST_TIMES, THREADS, WORKING_SHARE, NoAnswerError, call_within, worked_ns


class Driver:
    """A driver whose call answers at a time of a manual clock, in seconds.

    answers_at_s    on the dot
    share           of a core that the call takes until then
    works_until_s   after that it takes nothing
    """

    def __init__(self, answers_at_s: float = math.inf, share: float = 0, works_until_s: float = 60) -> None:
        self.time = ManualTime(0)
        self.answers_at_s = answers_at_s
        self.share = share
        self.works_until_s = works_until_s
        self.may_answer = threading.Event()
        self.calls = 0

    @property
    def now_s(self) -> float:
        return self.time.now_ns / 1e9

    def call(self) -> str:
        self.calls += 1
        self.may_answer.wait(PATIENCE_S)
        return "answer"

    def wait(self, answered: threading.Event, timeout_s: float) -> bool:
        self.time.sleep(timeout_s)
        if self.now_s < self.answers_at_s:
            return False
        self.may_answer.set()
        return answered.wait(PATIENCE_S)

    def worked_ns(self, thread: threading.Thread) -> int:
        return round(min(self.now_s, self.works_until_s) * self.share * 1e9)

    def ask(self, limit_s: float, name: str = "driver") -> str:
        return call_within(limit_s, name, self.call, wait=self.wait, worked_ns=self.worked_ns)

    def let_go(self, name: str = "driver") -> None:
        """Let the call answer, and wait until its thread has ended."""
        self.may_answer.set()
        join(thread for thread in threading.enumerate() if thread.name == f"hangs: {name}")


def test_an_answer_in_time_comes_back() -> None:
    assert call_within(5, "answer", lambda: 42) == 42


def test_an_error_in_time_is_raised() -> None:
    def fail() -> int:
        raise OSError(5, "no")

    with pytest.raises(OSError, match="no"):
        call_within(5, "fail", fail)


def test_an_answer_that_comes_too_late_is_discarded_and_nobody_asks_twice_meanwhile() -> None:
    driver, discarded = Driver(), []
    for words in ("no answer within 1 s", "late still hangs", "late still hangs"):
        with pytest.raises(NoAnswerError, match=words) as caught:
            call_within(1, "late", driver.call, discarded.append, wait=driver.wait)
        assert caught.value.waited_s == 1
    driver.let_go("late")
    assert driver.calls == 1
    assert discarded == ["answer"]


def test_after_the_hanging_one_has_ended_another_is_made() -> None:
    driver = Driver()
    with pytest.raises(TimeoutError):
        driver.ask(1)
    driver.let_go()
    assert driver.ask(1) == "answer"


def test_two_calls_at_once_that_do_not_hang_both_answer() -> None:
    assert call_within(5, "both", lambda: call_within(5, "both", lambda: 42)) == 42


def test_a_call_that_works_gets_more_time() -> None:
    """A tenth of a core: what it gets where nine others work, too."""
    driver = Driver(answers_at_s=3.5, share=0.1)
    assert driver.ask(1) == "answer"
    assert driver.now_s == 3.75


def test_but_not_for_ever_and_the_error_says_how_long() -> None:
    driver = Driver(share=0.1)
    with pytest.raises(NoAnswerError, match=r"no answer within 2 s") as caught:
        driver.ask(0.5)
    assert caught.value.waited_s == driver.now_s == 0.5 * MOST_TIMES
    driver.let_go()


@pytest.mark.parametrize("share", [0, 0.002, 0.9 * WORKING_SHARE])
def test_a_call_that_only_wakes_up_to_sleep_again_gets_none(share: float) -> None:
    """0.002 of a core: what a loop of time.sleep(0.05) takes."""
    driver = Driver(share=share)
    with pytest.raises(NoAnswerError, match=r"no answer within 1 s"):
        driver.ask(1)
    assert driver.now_s == 1
    driver.let_go()


def test_a_call_that_worked_and_hangs_now_gets_none() -> None:
    driver = Driver(share=1, works_until_s=1.5)
    with pytest.raises(NoAnswerError, match=r"no answer within 2 s"):
        driver.ask(1)
    driver.let_go()


@pytest.mark.skipif(not THREADS.exists(), reason="the system does not say what a thread has worked")
def test_what_a_thread_has_worked_is_its_own_processor_time() -> None:
    has_worked, may_end = threading.Event(), threading.Event()

    def work() -> None:
        while time.thread_time() < 0.02:
            pass
        has_worked.set()
        may_end.wait(PATIENCE_S)

    worker = threading.Thread(target=work, daemon=True)
    sleeper = threading.Thread(target=may_end.wait, args=(PATIENCE_S,), daemon=True)
    for thread in (worker, sleeper):
        thread.start()
    assert has_worked.wait(PATIENCE_S)
    assert worked_ns(worker) >= 20_000_000 > worked_ns(sleeper)
    may_end.set()
    join([worker, sleeper])
