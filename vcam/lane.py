"""Threads for one kind of request, so that no kind waits for another."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from vcam.errors import VcamError

T = TypeVar("T")


class BusyError(VcamError):
    """More wait already than there is room for."""


class Lane:
    """Runs work of one kind in threads, for the event loop that calls it.

    name     of what runs here, for the message of a refusal
    threads  how much of it runs at once
    room     how many may wait; more are refused at once with BusyError
    """

    def __init__(self, name: str, threads: int, room: int) -> None:
        self._name = name
        self._limiter = CapacityLimiter(threads)
        self._room = room
        self._most = threads + room
        self._count = 0  # of what runs or waits

    async def run(self, work: Callable[[], T]) -> T:
        if self._count >= self._most:
            raise BusyError(f"busy: {self._room} {self._name} wait already; try again later")
        self._count += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._count -= 1
