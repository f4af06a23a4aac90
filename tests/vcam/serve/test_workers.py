"""A worker that hangs or cannot start, as the server sees it."""

import asyncio
import time
from pathlib import Path

import pytest
from picture_files import picture_file

from vcam.errors import ModelError
from vcam.serve.options import PictureOptions
from vcam.serve.picture import Restored
from vcam.serve.refusal import RefusedError
from vcam.serve.tasks import PictureTask
from vcam.serve.workers import WorkerOptions, WorkerPool, WorkerProcess, check

TASK = PictureTask(picture_file("png"), PictureOptions())


def test_what_takes_too_long_ends_with_its_worker_and_the_next_one_is_served(tiny: Path) -> None:
    process = WorkerProcess(WorkerOptions(str(tiny), "cpu"))
    try:
        process.wait_until_ready()
        with pytest.raises(RefusedError, match="longer than one request may") as refused:
            process.call(TASK, time.monotonic() - 1)
        assert (refused.value.status, refused.value.retry_s) == (503, 2)
        assert isinstance(check(process.call(TASK, time.monotonic() + 100)), Restored)
        assert process.starts == 2
    finally:
        process.close()


class Hanging(WorkerOptions):
    """A worker that takes nothing."""

    def command(self, descriptor: int) -> list[str]:
        return ["sleep", "600"]


def test_a_worker_that_does_not_take_its_task_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcam.serve.workers.STUCK_S", 1)
    process = WorkerProcess(Hanging())
    try:
        process.start()
        process._is_ready = True
        content = bytes(10_000_000)  # more than a socket keeps
        with pytest.raises(RefusedError, match="the worker ended"):
            process.call(PictureTask(content, PictureOptions()), time.monotonic() + 100)
        assert process.starts == 2
    finally:
        process.kill()


def test_what_waited_too_long_costs_no_worker(tiny: Path) -> None:
    async def ask(limit_s: float) -> object:
        return check((await pool.run(TASK, limit_s))[0])

    pool = WorkerPool(WorkerOptions(str(tiny), "cpu"), 1, 4)
    try:
        pool.start()
        with pytest.raises(RefusedError, match="waited for more than") as refused:
            asyncio.run(ask(-1.0))
        assert refused.value.status == 503
        assert isinstance(asyncio.run(ask(100)), Restored)
        assert pool.restarts == 0
    finally:
        pool.close()


def test_models_that_cannot_be_loaded_are_named_at_the_start(tmp_path: Path) -> None:
    pool = WorkerPool(WorkerOptions(str(tmp_path), "cpu"), 1, 0)
    with pytest.raises(ModelError, match=r"cannot load the models: no .*manifest\.json"):
        pool.start()
    assert not pool.is_ready
    pool.close()
