"""Recordings as jobs: progress, result, cancel, expiry, and what a power cut leaves."""

import signal
from pathlib import Path

import pytest
from picture_files import open_picture, picture_file, video_file
from serve_program import Server, is_alive, wait_for

from vcam.media.reading import Recording


def test_a_recording_is_restored_and_can_be_fetched(server: Server, tmp_path: Path) -> None:
    answer = server.post(video_file(tmp_path / "in.mp4"), "/v1/video", scale=2)
    assert answer.status_code == 202, answer.text
    name = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/video/{name}"
    job = server.wait_for_job(name)
    assert (job["state"], job["progress"], job["frames"], job["error"]) == ("done", 1, 6, None)
    assert 0 < job["expires_in_s"] <= 3600
    result = server.client.get(job["result"])
    assert result.headers["content-type"] == "video/mp4"
    (tmp_path / "out.mp4").write_bytes(result.content)
    with Recording(tmp_path / "out.mp4") as recording:
        assert (recording.first.width, recording.first.height) == (128, 96)
        assert len(list(recording.pictures())) == 6
    assert server.client.delete(f"/v1/video/{name}").status_code == 204
    assert server.client.get(f"/v1/video/{name}").status_code == 404
    assert not (server.folder / "jobs" / name).exists()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"hello", 415),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", 415),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", 415),
        (picture_file("png"), 415),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    server: Server, content: bytes, status: int
) -> None:
    before = set((server.folder / "jobs").iterdir())
    answer = server.post(content, "/v1/video")
    assert (answer.status_code, len(answer.json()["error"]) > 20) == (status, True)
    assert set((server.folder / "jobs").iterdir()) == before


def test_a_job_that_runs_can_be_cancelled(server: Server, tmp_path: Path) -> None:
    content = video_file(tmp_path / "long.mp4", frames=200, size=(320, 240))
    name = server.post(content, "/v1/video", size="1920x1080").json()["id"]
    wait_for(lambda: server.job(name)["frames"] > 0)  # of so large ones that the rest takes long
    running = server.client.get(f"/v1/video/{name}/result")
    assert (running.status_code, "running" in running.json()["error"]) == (409, True)
    assert server.client.delete(f"/v1/video/{name}").status_code == 204
    assert server.client.get(f"/v1/video/{name}").status_code == 404
    wait_for(lambda: not (server.folder / "jobs" / name).exists())
    after = server.post(video_file(tmp_path / "in.mp4"), "/v1/video").json()["id"]
    assert server.wait_for_job(after)["state"] == "done"


def test_pictures_do_not_wait_for_a_recording(server: Server, tmp_path: Path) -> None:
    content = video_file(tmp_path / "long.mp4", frames=200, size=(320, 240))
    name = server.post(content, "/v1/video", size="1920x1080").json()["id"]
    wait_for(lambda: server.job(name)["state"] == "running")
    assert open_picture(server.post(picture_file("png")).content).size == (128, 96)
    assert server.client.delete(f"/v1/video/{name}").status_code == 204


@pytest.mark.slow
def test_a_power_cut_loses_no_accepted_job_and_leaves_no_rest(tiny: Path, tmp_path: Path) -> None:
    content = video_file(tmp_path / "in.mp4", frames=60, size=(160, 120))
    with Server(tiny, tmp_path, "--workers", "1") as server:
        name = server.post(content, "/v1/video").json()["id"]
        wait_for(lambda: server.job(name)["state"] == "running")
        workers = server.workers()
        server.end(signal.SIGKILL)
        wait_for(lambda: not any(is_alive(pid) for pid in workers))
        rest = server.folder / "jobs" / "half-sent"
        rest.mkdir()
        (rest / "input").write_bytes(b"half of it")
        server.client.close()
        server.start()
        assert not rest.exists()
        assert server.wait_for_job(name)["state"] == "done"
        assert not list((server.folder / "jobs" / name).glob(".*"))
