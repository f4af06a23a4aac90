"""Worker processes as the server sees them: one that crashes or hangs is replaced, its request is refused."""

import logging
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue

from vcam.errors import ModelError
from vcam.request_pool import RequestPool
from vcam.serve.refusal import MISTAKE, TOO_MANY, UNAVAILABLE, UNUSABLE, RefusedError
from vcam.serve.tasks import Bug, Failed, ModelFacts, Outcome, Progress, Ready, Task

log = logging.getLogger(__name__)

START_S = 120.0  # to load and warm up models on a busy machine
END_S = 5.0
LOOK_S = 0.1
STUCK_S = 30  # without a byte in the middle of a message, after which its process is taken to hang
RETRY_S = 2
TOO_LONG = "it took longer than one request may; send a smaller one, or this one again later"
CRASHED = "the worker ended while it read this file, which is damaged in an unforeseen way; send another one"


@dataclass(frozen=True)
class WorkerOptions:
    """How worker processes are started.

    weights   folder of manifest.json; empty takes the shipped one
    provider  what models run on, by the name in the settings
    threads   of the model on the CPU, in each worker
    pixels    of the largest picture that one has memory for
    """

    weights: str = ""
    provider: str = "auto"
    threads: int = 1
    pixels: int = 50_000_000

    def command(self, descriptor: int) -> list[str]:
        values = {"socket": descriptor, **vars(self)}
        options = [f"--{name}={value}" for name, value in values.items()]
        return [sys.executable, "-m", "vcam.serve.worker", *options]


class WorkerProcess:
    """One process, started again when it has ended; used by one thread at a time."""

    def __init__(self, options: WorkerOptions) -> None:
        self.models: tuple[ModelFacts, ...] = ()
        self.starts = 0
        self._options = options
        self._ends: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._is_ready = False
        self.has_failed = False  # to start, when that was tried last

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    def start(self) -> None:
        """Begin a process, without waiting for it, if there is none."""
        if self._ends is not None:
            return
        ours, theirs = socket.socketpair()
        for direction in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, direction, struct.pack("ll", STUCK_S, 0))  # a timeval
        with theirs:
            process = subprocess.Popen(
                self._options.command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._ends = process, Connection(ours.detach())
        self.starts += 1

    def wait_until_ready(self) -> None:
        """Raises ModelError if its models cannot be loaded, or it ends or hangs instead."""
        if self._ends is not None and self._ends[0].poll() is not None:
            self.kill()  # it ended while it had nothing to do: no file is to blame
        self.start()
        if self._is_ready:
            return
        assert self._ends is not None
        try:
            message = self._ends[1].recv() if self._ends[1].poll(START_S) else None
        except (EOFError, OSError):
            message = None
        if isinstance(message, Ready):
            self.models, self._is_ready, self.has_failed = message.models, True, False
            return
        self.kill()
        self.has_failed = True
        why = message.message if isinstance(message, Failed) else "it ended, or hung, while it loaded them"
        raise ModelError(f"a worker cannot load the models: {why}")

    def call(
        self,
        task: Task,
        deadline_s: float,
        *,
        is_over: threading.Event | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> Outcome:
        """Have a task done.

        deadline_s  time.monotonic() by which it must be; after that the process is killed. It is later by
                    the time that a process needs to begin, or each slow start would end in another one
        is_over     once set, it is, too

        Raises RefusedError if the process crashes, is killed, or cannot be started.
        """
        begin_s = time.monotonic()
        try:
            self.wait_until_ready()
        except ModelError as error:
            log.error("%s", error)
            raise RefusedError(UNAVAILABLE, "no worker can start; see the server's log", RETRY_S) from None
        deadline_s += time.monotonic() - begin_s
        assert self._ends is not None
        connection = self._ends[1]
        try:
            connection.send(task)
            while True:
                self._wait(connection, deadline_s, is_over)
                message = connection.recv()
                if not isinstance(message, Progress):
                    return message
                on_progress(message)
        except (EOFError, OSError):
            self.replace()
            raise RefusedError(UNUSABLE, CRASHED) from None
        except RefusedError:
            self.replace()
            raise

    def _wait(self, connection: Connection, deadline_s: float, is_over: threading.Event | None) -> None:
        """Wait for a message. Raises RefusedError if it does not come in time, or is not wanted any more."""
        while True:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise RefusedError(UNAVAILABLE, TOO_LONG, RETRY_S)
            if connection.poll(min(LOOK_S, left_s) if is_over else left_s):
                return
            if is_over is not None and is_over.is_set():
                raise RefusedError(UNAVAILABLE, "it was stopped")

    def replace(self) -> None:
        """Kill the process and begin another one."""
        self.kill()
        self.start()

    def kill(self) -> None:
        self._is_ready = False
        ends, self._ends = self._ends, None
        if ends is not None:
            ends[0].kill()
            ends[1].close()
            ends[0].wait()

    def close(self) -> None:
        """Let it end by itself."""
        self._is_ready = False
        ends, self._ends = self._ends, None
        if ends is not None:
            ends[1].close()
            try:
                ends[0].wait(END_S)
            except subprocess.TimeoutExpired:
                ends[0].kill()
                ends[0].wait()


class WorkerPool:
    """Several worker processes behind one bounded queue, for an event loop.

    count    of processes
    waiting  tasks that may wait; more are refused at once
    """

    def __init__(self, options: WorkerOptions, count: int, waiting: int) -> None:
        self._processes = [WorkerProcess(options) for _ in range(count)]
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._requests = RequestPool("pictures", count, waiting)
        self._most = count + waiting
        self.waiting = 0  # and worked on
        self.is_warm = False  # all have been ready once

    @property
    def is_ready(self) -> bool:
        """Whether tasks are carried out; one whose worker has ended waits for another to begin."""
        return self.is_warm and not all(process.has_failed for process in self._processes)

    @property
    def ready(self) -> int:
        return sum(process.is_ready for process in self._processes)

    @property
    def restarts(self) -> int:
        return sum(max(0, process.starts - 1) for process in self._processes)

    @property
    def models(self) -> tuple[ModelFacts, ...]:
        return next((process.models for process in self._processes if process.models), ())

    def start(self) -> None:
        """Begin all processes and wait until they are ready. Raises ModelError."""
        for process in self._processes:
            process.start()
        for process in self._processes:
            process.wait_until_ready()
            self._idle.put(process)
        self.is_warm = True

    def check_room(self) -> None:
        """Raise RefusedError (429) if a task would have no place to wait in."""
        if self.waiting >= self._most:
            message = f"{self.waiting} pictures wait already; send this one again in {RETRY_S} s"
            raise RefusedError(TOO_MANY, message, RETRY_S)

    async def run(self, task: Task, limit_s: float) -> tuple[Outcome, float]:
        """Have a task done by the next idle process; returns its outcome, and the seconds that it took there.

        limit_s  that it may wait, and again that it may take

        Raises RefusedError as `check_room` and WorkerProcess.call do.
        """
        self.check_room()
        self.waiting += 1
        try:
            return await self._requests.run(partial(self._run, task, limit_s, time.monotonic()))
        finally:
            self.waiting -= 1

    def _run(self, task: Task, limit_s: float, asked_s: float) -> tuple[Outcome, float]:
        begin_s = time.monotonic()
        if begin_s - asked_s > limit_s:  # nobody waits for it any more, and no worker is to end for it
            raise RefusedError(UNAVAILABLE, f"it waited for more than {limit_s:g} s; send it again", RETRY_S)
        process = self._idle.get()
        try:
            outcome = process.call(task, begin_s + limit_s)
            return outcome, time.monotonic() - begin_s
        finally:
            self._idle.put(process)

    def close(self) -> None:
        for process in self._processes:
            process.close()


def check(outcome: Outcome) -> object:
    """The outcome if it is a result. Raises RefusedError, also for a bug, which the worker has logged."""
    if isinstance(outcome, RefusedError):
        raise outcome
    if isinstance(outcome, Bug):
        raise RefusedError(MISTAKE, "a bug in the server; its log has the cause")
    return outcome
