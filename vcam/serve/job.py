"""One recording to restore, and its record on the disk."""

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vcam.paths import write_private
from vcam.serve.answers import State
from vcam.serve.options import VideoOptions
from vcam.serve.tasks import Progress

RECORD, INPUT, RESULT = "job.json", "input", "result"


@dataclass(frozen=True)
class Job:
    """One recording, as it is kept.

    starts   how often it was begun
    ended_s  seconds since 1970; 0 before its end
    """

    id: str
    options: VideoOptions
    state: State = State.QUEUED
    starts: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""
    ended_s: float = 0.0
    progress: Progress = field(default=Progress(0, 0))

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED)


def result_path(path: Path, options: VideoOptions) -> Path:
    return path / f"{RESULT}.{options.format}"


def write_job(path: Path, job: Job) -> None:
    """Write a job's record. Raises OSError."""
    values = {**asdict(replace(job, progress=Progress(0, 0))), "options": job.options.model_dump()}
    values.pop("progress")
    write_private(path / RECORD, json.dumps(values | {"frames": job.progress.frames}))


def read_job(path: Path) -> Job | None:
    """A job's record; None if it has none that can be read."""
    try:
        values = json.loads((path / RECORD).read_text(encoding="utf-8"))
        frames = int(values.pop("frames"))
        options = VideoOptions.model_validate(values.pop("options"))
        notes = tuple(values.pop("notes"))
        state = State(values.pop("state"))
        job = Job(**values, options=options, notes=notes, state=state, progress=Progress(frames, frames))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return job if job.id == path.name else None


def remove(path: Path) -> None:
    """Remove a folder or file, whatever is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
