import asyncio
import gc
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from fake_ends import PATIENCE_S, wait_for

from vcam.request_pool import BusyError, RequestPool


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, PATIENCE_S))


def test_work_is_done_in_a_thread_and_answered() -> None:
    assert run(RequestPool("questions", 1, 1).run(lambda: threading.current_thread().name)) == "questions"


def test_what_fails_is_raised_to_who_asked() -> None:
    def fail() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        run(RequestPool("questions", 1, 1).run(fail))


def test_more_than_may_wait_are_refused_at_once() -> None:
    may_end = threading.Event()

    async def ask() -> list[object]:
        lane = RequestPool("questions", 1, 2)
        asked = [asyncio.create_task(lane.run(lambda: may_end.wait(PATIENCE_S))) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match=r"^busy: 2 questions wait already; try again later$"):
            await lane.run(lambda: None)
        may_end.set()
        answers = await asyncio.gather(*asked)
        return [*answers, await lane.run(lambda: "again")]

    assert run(ask()) == [True, True, True, "again"]


def test_one_lane_does_not_wait_for_another() -> None:
    may_end = threading.Event()

    async def ask() -> str:
        slow, quick = RequestPool("slow questions", 1, 1), RequestPool("quick questions", 1, 1)
        waiting = asyncio.create_task(slow.run(lambda: may_end.wait(PATIENCE_S)))
        await asyncio.sleep(0)
        answer = await quick.run(lambda: "at once")
        assert not waiting.done()
        may_end.set()
        await waiting
        return answer

    assert run(ask()) == "at once"


def test_the_threads_are_always_the_same_and_end_with_the_lane() -> None:
    async def ask() -> set[int]:
        lane = RequestPool("brief questions", 2, 100)
        return set(await asyncio.gather(*(lane.run(threading.get_ident) for _ in range(50))))

    assert len(run(ask())) <= 2
    gc.collect()
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "brief questions"])
