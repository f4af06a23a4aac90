"""Threads for one kind of request, so that no kind waits for another."""

import asyncio
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from vcam.errors import VcamError

T = TypeVar("T")
Task: TypeAlias = tuple[Future[Any], Callable[[], Any]]


class BusyError(VcamError):
    """More wait already than there is room for."""


class RequestPool:
    """Runs work of one kind in threads, for the event loop that calls it.

    name     of what runs here, for the message of a refusal
    threads  how much of it runs at once
    room     how many may wait; more are refused at once with BusyError

    The threads are always the same, as each new one would have a heap of its own, which keeps what pictures
    leave. They end with the lane, and none keeps the process from ending.
    """

    def __init__(self, name: str, threads: int, room: int) -> None:
        self._name = name
        self._room = room
        self._most = threads + room
        self._count = 0  # of what runs or waits
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=_work_off, args=(self._tasks,), name=name, daemon=True)
            for _ in range(threads)
        ]
        weakref.finalize(self, _end, self._tasks, threads)

    async def run(self, work: Callable[[], T]) -> T:
        if self._count >= self._most:
            raise BusyError(f"busy: {self._room} {self._name} wait already; try again later")
        if self._threads[0].ident is None:
            for thread in self._threads:
                thread.start()
        future: Future[T] = Future()
        self._count += 1
        try:
            self._tasks.put((future, work))
            return await asyncio.wrap_future(future)
        finally:
            self._count -= 1


def _work_off(tasks: SimpleQueue[Task | None]) -> None:
    while (task := tasks.get()) is not None:
        _do(*task)
        del task  # else its picture stays until the next one comes


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # the thread's boundary: handed to who waits for the work
        future.set_exception(error)
    else:
        future.set_result(result)


def _end(tasks: SimpleQueue[Task | None], threads: int) -> None:
    for _ in range(threads):
        tasks.put(None)
