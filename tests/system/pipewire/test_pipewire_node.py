"""Our camera in a real PipeWire, read by GStreamer. Skipped where their programs are not installed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pipewire_publisher import DARK, SIZE, number_of, worst_pixel
from pipewire_session import Camera, Reader, Session, missing, until

from vcam.sinks.pipewire import NODE
from vcam.v4l2loopback.module import CARD

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "here"),
    pytest.mark.slow,
]

REFUSAL_S = 1.0  # newer GStreamers do not end when they are refused
COLOUR_ERROR = 2  # code values; a reader that does not convert has none


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(tmp_path_factory.mktemp("pw"))
    try:
        yield session.open()
    finally:
        session.close()


@pytest.fixture(scope="module")
def process(session: Session) -> Camera:
    return Camera(session)


@pytest.fixture
def camera(session: Session, process: Camera) -> Iterator[Camera]:
    """The camera, open, with nobody watching."""
    process.tell("open")
    process.hear("open")
    until("the node", lambda: NODE in session.run("pw-cli", "ls", "Node"))
    yield process
    process.tell("close")
    process.hear("closed")


def test_it_is_listed_as_a_camera(session: Session, camera: Camera) -> None:
    listed = session.run("pw-cli", "ls", "Node")
    assert f'node.description = "{CARD}"' in listed
    assert 'media.class = "Video/Source"' in listed


def test_every_pixel_arrives_and_the_picture_moves(session: Session, camera: Camera) -> None:
    seen = Reader(session, "pixels", 20).end()
    assert max(worst_pixel(picture) for picture in seen) <= COLOUR_ERROR
    assert len({number_of(picture) for picture in seen}) == 20
    camera.hear("watched")
    camera.hear("unwatched")


def test_two_programs_watch_at_once(session: Session, camera: Camera) -> None:
    readers = [Reader(session, f"both{index}", 20) for index in range(2)]
    seen = [{number_of(picture) for picture in reader.end()} for reader in readers]
    assert seen[0] & seen[1]
    camera.hear("watched")
    camera.hear("unwatched")


def test_twenty_readers_come_and_go(session: Session, camera: Camera) -> None:
    Reader(session, "first", 2).end()
    before_kb = camera.memory_kb()
    for _ in range(19):
        assert len(Reader(session, "again", 2).end()) == 2
    # Python's own ups and downs; a buffer that leaks with each reader would be 20 times 110 kB
    assert camera.memory_kb() - before_kb < 1024
    heard = camera.hear_all()
    # a level, not a count: one that comes as another goes need not show in it
    assert heard[-1].startswith("unwatched")
    assert [line.split()[0] for line in heard] == ["watched", "unwatched"] * (len(heard) // 2)


def test_a_reader_that_stops_does_not_stop_another(session: Session, camera: Camera) -> None:
    stopped = Reader(session, "stopped", 0)
    camera.hear("watched")
    until("pictures", lambda: len(stopped.pictures()) > 2)
    stopped.process.send_signal(signal.SIGSTOP)
    assert len(Reader(session, "beside", 15).end()) == 15
    stopped.process.kill()
    camera.hear("unwatched")


def test_a_reader_that_takes_another_format_does_not_stop_the_others(
    session: Session, camera: Camera
) -> None:
    watching = Reader(session, "good", 0)
    camera.hear("watched")
    until("pictures", lambda: len(watching.pictures()) > 2)
    other = Reader(session, "other", 5, "video/x-raw,format=BGRA,width=64")
    with suppress(subprocess.TimeoutExpired):
        other.process.wait(REFUSAL_S)
    other.process.kill()
    other.process.wait()
    assert not other.pictures()
    seen = len(watching.pictures())
    until("more pictures", lambda: len(watching.pictures()) > seen + 5)
    watching.process.kill()
    camera.hear("unwatched")


def test_its_last_picture_is_black(session: Session, process: Camera) -> None:
    process.tell("open")
    process.hear("open")
    reader = Reader(session, "last", 0)
    process.hear("watched")
    until("pictures", lambda: len(reader.pictures()) > 2)
    process.tell("close")
    process.hear("closed")
    until("black", lambda: set(reader.pictures()[-1][: SIZE[0] * SIZE[1]]) == {DARK})
    reader.process.kill()


def test_a_daemon_that_dies_is_an_error_and_the_next_one_takes_the_camera(
    session: Session, camera: Camera
) -> None:
    session.kill_pipewire()
    assert "Run: systemctl --user start pipewire" in camera.hear("error")
    session.start_pipewire()
    camera.hear("open")
    until("the node", lambda: NODE in session.run("pw-cli", "ls", "Node"))
    assert len(Reader(session, "restarted", 10).end()) == 10
    camera.hear("watched")
    camera.hear("unwatched")


def test_a_fault_in_pipewires_library_is_an_error_and_the_next_frame_brings_the_camera_back(
    session: Session, camera: Camera
) -> None:
    os.kill(camera.publisher_pid, signal.SIGSEGV)
    assert "has ended" in camera.hear("error")
    camera.hear("open")
    until("the node", lambda: NODE in session.run("pw-cli", "ls", "Node"))
    assert len(Reader(session, "after the fault", 10).end()) == 10
    camera.hear("watched")
    camera.hear("unwatched")


def test_without_a_daemon_the_remedy_is_named(session: Session, tmp_path: Path) -> None:
    alone = Session(tmp_path)
    try:
        camera = Camera(alone)
        camera.tell("open")
        assert "no PipeWire is running for this user" in camera.hear("error")
    finally:
        alone.close()


def test_an_end_without_a_close_does_not_crash(session: Session, process: Camera) -> None:
    process.tell("open")
    process.hear("open")
    reader = Reader(session, "end", 0)
    process.hear("watched")
    process.tell("quit")
    assert process.process.wait(5) == 0
    reader.process.kill()
