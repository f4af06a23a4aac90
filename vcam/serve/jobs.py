"""Recordings that are restored in the background, kept on the disk until they expire.

A job is a folder: `input`, `job.json` once it is accepted, and `result.mp4` or `.mkv` once it is done. What
has no `job.json` was never accepted, and is removed at the next start; an accepted job begins again there.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from vcam.paths import make_private
from vcam.serve.answers import JobAnswer, State
from vcam.serve.job import INPUT, Job, read_job, remove, result_path, write_job
from vcam.serve.limits import Limits
from vcam.serve.options import VideoOptions
from vcam.serve.refusal import CONFLICT, NOT_FOUND, TOO_MANY, RefusedError
from vcam.serve.tasks import Bug, Progress, VideoDone, VideoTask
from vcam.serve.workers import WorkerProcess

log = logging.getLogger(__name__)

MOST_STARTS = 3  # of a job whose server was killed, or crashed, each time
RETRY_S = 10
BUG = "the job failed by a mistake of the server's; its log has the cause"
GONE = "there is no such job: it was cancelled, has expired, or never was; send the recording again"


class Jobs:
    """Accepts jobs, works on one after the other in a thread while it is entered, and removes old ones.

    folder   of all jobs, which only this user may enter; its holder has locked it
    process  that restores
    on_end   is told of each state that a job ends in
    clock    seconds since 1970
    """

    def __init__(
        self,
        folder: Path,
        process: WorkerProcess,
        limits: Limits,
        on_end: Callable[[State], None] = lambda state: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._process = process
        self._limits = limits
        self._on_end = on_end
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._coming: set[str] = set()  # jobs whose recording is still being sent
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._cancelled = threading.Event()  # of the job that runs
        self._running = ""
        self._is_ending = False
        self._thread = threading.Thread(target=self._work, name="videos", daemon=True)

    def __enter__(self) -> "Jobs":
        """Take up what an earlier server left. Raises VcamError if the folder cannot be used."""
        make_private(self._folder)
        for path in sorted(self._folder.iterdir()):
            job = read_job(path)
            if job is None:
                remove(path)
            else:
                self._take_up(job)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; a job that runs begins again at the next start."""
        self._is_ending = True
        self._cancelled.set()
        self._queue.put(None)
        self._thread.join()
        self._process.close()

    @property
    def waiting(self) -> int:
        """Jobs that wait or run."""
        with self._lock:
            return sum(not job.is_over for job in self._jobs.values())

    def begin(self) -> Path:
        """The folder of a new job, whose `input` the caller writes.

        Raises RefusedError (429) if there are too many, and OSError.
        """
        self.forget_expired()
        if self.waiting + len(self._coming) >= self._limits.jobs:
            message = f"{self._limits.jobs} recordings wait already; send this one again later"
            raise RefusedError(TOO_MANY, message, RETRY_S)
        path = self._folder / secrets.token_urlsafe(16)
        path.mkdir(0o700)
        self._coming.add(path.name)
        return path

    def abandon(self, path: Path) -> None:
        """Remove the folder of a job that is not accepted."""
        self._coming.discard(path.name)
        remove(path)

    def accept(self, path: Path, options: VideoOptions) -> Job:
        """Queue the job whose input has been written."""
        job = Job(path.name, options)
        write_job(path, job)
        with self._lock:
            self._jobs[job.id] = job
        self._coming.discard(job.id)
        self._queue.put(job.id)
        return job

    def get(self, name: str) -> Job:
        """Raises RefusedError (404) if there is none."""
        self.forget_expired()
        with self._lock:
            job = self._jobs.get(name)
        if job is None:
            raise RefusedError(NOT_FOUND, GONE)
        return job

    def result(self, name: str) -> Path:
        """The file of a job that is done. Raises RefusedError: 404 for no job, 409 for one not done."""
        job = self.get(name)
        if job.state is State.FAILED:
            raise RefusedError(CONFLICT, f"the job failed and has no result: {job.error}")
        if job.state is not State.DONE:
            message = f"the job is {job.state}, expected done: ask again when its state says so"
            raise RefusedError(CONFLICT, message, RETRY_S)
        path = result_path(self._folder / name, job.options)
        if not path.is_file():  # removed since, by this server or by hand
            raise RefusedError(NOT_FOUND, GONE)
        return path

    def forget(self, name: str) -> None:
        """Cancel a job, or remove one that has ended. Raises RefusedError (404) if there is none."""
        self.get(name)
        with self._lock:
            self._jobs.pop(name, None)
            if name == self._running:
                self._cancelled.set()
                return  # its thread removes the files once nobody writes to them
        remove(self._folder / name)

    def forget_expired(self) -> None:
        """Remove the jobs that ended too long ago."""
        now_s = self._clock()
        with self._lock:
            old = [
                job.id
                for job in self._jobs.values()
                if job.is_over and now_s >= job.ended_s + self._limits.kept_s
            ]
            for name in old:
                del self._jobs[name]
        for name in old:
            remove(self._folder / name)

    def describe(self, job: Job) -> JobAnswer:
        frames, total = job.progress.frames, job.progress.total
        share = 1.0 if job.state is State.DONE else min(1.0, frames / total) if total else 0.0
        left_s = job.ended_s + self._limits.kept_s - self._clock()
        return JobAnswer(
            id=job.id,
            state=job.state,
            progress=round(share, 4),
            frames=frames,
            notes=list(job.notes),
            error=job.error or None,
            expires_in_s=max(0.0, round(left_s, 1)) if job.is_over else None,
            result=f"/v1/video/{job.id}/result" if job.state is State.DONE else None,
        )

    def _take_up(self, job: Job) -> None:
        path = self._folder / job.id
        for left in path.glob(".*"):
            left.unlink(missing_ok=True)
        if job.is_over:
            self._jobs[job.id] = job
        elif job.starts >= MOST_STARTS:
            self._jobs[job.id] = job
            self._end(replace(job, error="the server ended each time that it worked on this recording"))
        else:
            self._jobs[job.id] = replace(job, state=State.QUEUED)
            self._queue.put(job.id)

    def _work(self) -> None:
        while (name := self._queue.get()) is not None and not self._is_ending:
            with self._lock:
                job = self._jobs.get(name)
                self._running = name if job is not None else ""
                self._cancelled.clear()
            if self._is_ending:
                return
            if job is not None:
                self._do(job)

    def _do(self, job: Job) -> None:
        """Work on a job to its end, or until it is cancelled."""
        path = self._folder / job.id
        begun = replace(job, state=State.RUNNING, starts=job.starts + 1)
        try:
            self._keep(begun)
            ended = self._restore(begun, path)
        except OSError as error:
            ended = replace(begun, error=f"its files cannot be written: {error.strerror}")
        except Exception:  # the thread's boundary: one job's bug is not the next one's
            log.exception("a job failed")
            ended = replace(begun, error=BUG)
        with self._lock:
            self._running = ""
            is_wanted = job.id in self._jobs
        if not is_wanted:
            remove(path)
        elif self._is_ending and ended.state is not State.DONE:
            with suppress(OSError):  # an orderly end of the server is not counted as a start
                self._keep(job)
        else:
            self._end(ended)

    def _restore(self, job: Job, path: Path) -> Job:
        def note(progress: Progress) -> None:
            with self._lock:
                if job.id in self._jobs:
                    self._jobs[job.id] = replace(job, progress=progress)

        task = VideoTask(path / INPUT, result_path(path, job.options), job.options)
        deadline_s = time.monotonic() + self._limits.job_seconds
        try:
            outcome = self._process.call(task, deadline_s, is_over=self._cancelled, on_progress=note)
        except RefusedError as refusal:
            return replace(job, error=str(refusal))
        if isinstance(outcome, VideoDone):
            progress = Progress(outcome.frames, outcome.frames)
            return replace(job, state=State.DONE, notes=outcome.notes, progress=progress)
        return replace(job, error=BUG if isinstance(outcome, Bug) else str(outcome))

    def _end(self, job: Job) -> None:
        """Note the end of a job, done or with an error; its input is needed no more."""
        state = State.FAILED if job.error else State.DONE
        path = self._folder / job.id
        with suppress(OSError):
            (path / INPUT).unlink(missing_ok=True)
            for left in path.glob(".*"):
                left.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk: it is still known until the server ends
            self._keep(replace(job, state=state, ended_s=self._clock()))
        self._on_end(state)

    def _keep(self, job: Job) -> None:
        """Note what has become of a job, on the disk, too, unless it is forgotten. Raises OSError."""
        with self._lock:
            if job.id not in self._jobs:
                return
            self._jobs[job.id] = job
        write_job(self._folder / job.id, job)
