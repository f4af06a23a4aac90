"""What is published, recorded beside the output."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from children import run_together
from fake_ends import wait_for
from full_disk import files_of_at_most
from studio import SIZE, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.camera.recorder import ROOM, RecordedSink
from vcam.config import Config
from vcam.control.status import Command
from vcam.errors import SinkError
from vcam.frame import Frame, black
from vcam.sinks import FileSink, NullSink
from vcam.sinks.recording import RecordingSink


def read(path: Path) -> list[tuple[float, int]]:
    """Time and brightness of each picture of a file, as far as it can be played."""
    found = []
    with av.open(path) as container:
        try:
            for frame in container.decode(video=0):
                assert frame.time is not None
                found.append((frame.time, int(frame.to_ndarray(format="gray")[0, 0])))
        except av.FFmpegError:
            pass
    return found


def noise(seed: int) -> Frame:
    plane = np.random.default_rng(seed).integers(16, 235, SIZE[::-1], np.uint8)
    return replace(black(SIZE), y=plane)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RecordedSink]:
    recorded = RecordedSink(NullSink("null"), SIZE, 30, lambda: tmp_path)
    yield recorded
    recorded.close()


def running_file(sink: RecordedSink) -> Path:
    status = sink.status()
    assert status is not None
    return Path(str(status["file"]))


def test_what_is_sent_is_in_the_file_at_its_time(tmp_path: Path) -> None:
    now_ns = 0
    sink = RecordedSink(NullSink("null"), SIZE, 30, lambda: tmp_path, lambda: now_ns)
    sink.record(True)
    path = running_file(sink)
    for moment_ms in (0, 33, 500, 533):
        now_ns = moment_ms * 1_000_000
        sink.send(black(SIZE))
    status = sink.status()
    assert status is not None
    assert (status["seconds"], status["dropped"]) == (0.5, 0)
    sink.record(False)
    assert sink.status() is None
    assert [round(second, 2) for second, _ in read(path)] == [0.0, 0.03, 0.5, 0.53]
    assert [file.name for file in tmp_path.iterdir()] == [path.name], "no temporary file is left"


def test_no_recording_takes_the_place_of_another_file(sink: RecordedSink, tmp_path: Path) -> None:
    for _ in range(2):
        sink.record(True)
        sink.send(black(SIZE))
        running_file(sink).write_text("another program's")  # after the recording has begun
        sink.record(False)
    texts = [path for path in tmp_path.iterdir() if path.stat().st_size == len("another program's")]
    videos = [path for path in tmp_path.iterdir() if path not in texts]
    assert (len(texts), len(videos)) == (2, 2)
    assert all(len(read(path)) == 1 for path in videos)


def test_what_is_so_already_stays_so(sink: RecordedSink) -> None:
    sink.record(False)
    sink.record(True)
    path = running_file(sink)
    sink.record(True)
    assert running_file(sink) == path


def test_a_folder_that_cannot_be_written_is_an_answer(tmp_path: Path) -> None:
    sink = RecordedSink(NullSink("null"), SIZE, 30, lambda: tmp_path / "missing")
    with pytest.raises(SinkError, match="Make its folder first"):
        sink.record(True)
    assert (sink.status(), sink.send(black(SIZE))) == (None, None)


def test_a_slow_encoder_loses_frames_of_the_recording_and_delays_none(
    sink: RecordedSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()

    def slow(self: RecordingSink, frame: Frame, pts_s: float) -> None:
        assert may_write.wait(60)
        FileSink.send(self, frame, pts_s)

    monkeypatch.setattr("vcam.sinks.recording.RecordingSink.send", slow)
    sink.record(True)
    begin_s = time.monotonic()
    for _ in range(ROOM + 10):
        sink.send(black(SIZE))
    assert time.monotonic() - begin_s < 5, "nothing waited for the encoder"
    status = sink.status()
    assert status is not None
    assert status["dropped"] in (9, 10)
    may_write.set()


def test_a_full_disk_ends_it_with_a_warning_and_keeps_what_there_is(
    sink: RecordedSink, tmp_path: Path
) -> None:
    sink.record(True)
    with files_of_at_most(600_000):
        for seed in range(400):
            sink.send(noise(seed))
            if sink.status() is None:
                break
            time.sleep(0.002)
        wait_for(lambda: sink.status() is None)
    assert "The file is larger than this system allows" in sink.fault
    (path,) = tmp_path.iterdir()
    assert str(path) in sink.fault
    assert len(read(path)) > 10
    sink.record(True)
    assert sink.fault == "", "until the next one"


def test_a_disk_that_was_full_from_the_beginning_leaves_no_empty_file(
    sink: RecordedSink, tmp_path: Path
) -> None:
    sink.record(True)
    with files_of_at_most(0):
        for seed in range(400):
            sink.send(noise(seed))
            if sink.status() is None:
                break
            time.sleep(0.002)
        sink.record(False)
    assert "the recording has ended: cannot write" in sink.fault
    assert "until then" not in sink.fault
    assert list(tmp_path.iterdir()) == []


def test_two_clients_begin_one_recording(sink: RecordedSink, tmp_path: Path) -> None:
    run_together(*[lambda: sink.record(True)] * 4)
    sink.send(black(SIZE))
    sink.record(False)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_camera_records_what_it_publishes_and_finishes_at_its_end(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Videos"
    folder.mkdir()
    config = Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)
    options = CameraOptions(videos=lambda: folder)
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source, options)
    camera.start()
    try:
        wait_for(lambda: camera.status().fresh > 0)
        assert camera.status().recording is None
        camera.do(Command(record=True))
        sent = camera.status().sent
        wait_for(lambda: camera.status().sent > sent + 10)
        recording = camera.status().recording
        assert recording is not None
        assert set(recording) == {"file", "seconds", "dropped"}
    finally:
        camera.stop()
    (path,) = folder.iterdir()
    assert len(read(path)) >= 10
    with pytest.raises(SinkError, match="being stopped"):
        camera.do(Command(record=True))
