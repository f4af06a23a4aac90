"""Jobs on the disk, without the server: what is kept, and for how long."""

from pathlib import Path

import pytest
from picture_files import video_file
from serve_program import wait_for

from vcam.paths import make_private
from vcam.serve.answers import State
from vcam.serve.job import INPUT, Job, read_job, result_path, write_job
from vcam.serve.jobs import Jobs
from vcam.serve.limits import Limits
from vcam.serve.options import VideoOptions
from vcam.serve.refusal import RefusedError
from vcam.serve.workers import WorkerOptions, WorkerProcess

OPTIONS = VideoOptions(size="1920x1080")
ENDED_S = 1000.0


def write_done(folder: Path) -> Path:
    """A job that an earlier server has done; its folder."""
    path = make_private(folder) / "done"
    path.mkdir()
    write_job(path, Job("done", OPTIONS, State.DONE, starts=1, ended_s=ENDED_S))
    result_path(path, OPTIONS).write_bytes(b"a recording")
    return path


def test_a_job_is_removed_with_its_result_when_its_time_is_over(tmp_path: Path) -> None:
    path, now_s = write_done(tmp_path / "jobs"), ENDED_S + 59.5
    process = WorkerProcess(WorkerOptions())
    with Jobs(tmp_path / "jobs", process, Limits(kept_s=60), clock=lambda: now_s) as jobs:
        assert jobs.describe(jobs.get("done")).expires_in_s == 0.5
        assert jobs.result("done").read_bytes() == b"a recording"
        now_s += 0.5
        with pytest.raises(RefusedError) as refused:
            jobs.result("done")
    assert (refused.value.status, path.exists()) == (404, False)


def test_a_result_that_somebody_has_removed_is_not_there(tmp_path: Path) -> None:
    path = write_done(tmp_path / "jobs")
    result_path(path, OPTIONS).unlink()
    process = WorkerProcess(WorkerOptions())
    jobs = Jobs(tmp_path / "jobs", process, Limits(), clock=lambda: ENDED_S)
    with jobs, pytest.raises(RefusedError) as refused:
        jobs.result("done")
    assert refused.value.status == 404


def test_an_orderly_end_of_the_server_is_not_counted_against_a_job(tiny: Path, tmp_path: Path) -> None:
    content = video_file(tmp_path / "long.mp4", frames=200, size=(320, 240))
    with Jobs(tmp_path / "jobs", WorkerProcess(WorkerOptions(str(tiny), "cpu")), Limits()) as jobs:
        path = jobs.begin()
        (path / INPUT).write_bytes(content)
        name = jobs.accept(path, OPTIONS).id
        wait_for(lambda: jobs.get(name).progress.frames > 0)
        begun = read_job(path)
    ended = read_job(path)
    assert begun is not None
    assert ended is not None
    assert (begun.state, begun.starts, ended.state, ended.starts) == (State.RUNNING, 1, State.QUEUED, 0)
    assert (path / INPUT).read_bytes() == content


def test_a_folder_that_cannot_be_made_takes_no_place(tmp_path: Path) -> None:
    with Jobs(tmp_path / "jobs", WorkerProcess(WorkerOptions()), Limits(jobs=1)) as jobs:
        (tmp_path / "jobs").rmdir()
        with pytest.raises(FileNotFoundError):
            jobs.begin()
        make_private(tmp_path / "jobs")
        assert jobs.begin().is_dir()
