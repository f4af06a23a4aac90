"""A camera whose stream stalls, ends and comes back. Real senders on loopback, so real time passes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_ends import wait_for
from fake_sender import free_port, sending, serving
from video_files import write_video

from vcam.camera.camera import Camera
from vcam.camera.parts import make_chain
from vcam.config import Config
from vcam.pipeline import Source
from vcam.sinks import NullSink
from vcam.sources import FileSource, StreamSource

READ_S = 0.3  # two seconds in earnest


@contextmanager
def running(weights: Path, source: str) -> Iterator[Camera]:
    def make_source(config: Config) -> Source:
        if "://" in config.source:
            return StreamSource(config.source, read_s=READ_S)
        return FileSource(config.source, loop=True)

    config = Config(source=source, size=(128, 96), weights=str(weights), provider="cpu", threads=1)
    camera = Camera(config, make_chain(config), NullSink(), make_source)
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def in_state(camera: Camera, *words: str) -> Callable[[], bool]:
    return lambda: all(word in camera.status().state for word in words)


def goes_on(camera: Camera, frames: int = 3) -> bool:
    """Whether the output goes on sending, whatever it shows."""
    sent = camera.status().sent
    wait_for(lambda: camera.status().sent > sent + frames)
    return True


@pytest.mark.parametrize("path", ["stall.ts", "live.ts"])
def test_a_stream_that_stalls_or_ends_is_waited_for_and_shown_again(weights: Path, path: str) -> None:
    with serving() as (address, stop), running(weights, f"{address}/{path}") as camera:
        wait_for(in_state(camera, "running"))
        stop.set()
        wait_for(in_state(camera, "waiting for camera: ", address, ": check the "))
        assert camera.latest() is None
        assert goes_on(camera), "a card goes out"
        stop.clear()
        wait_for(in_state(camera, "running"))


def test_a_sender_that_dies_and_starts_again_is_found(weights: Path) -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with running(weights, url) as camera:
        with sending(f"{url}?pkt_size=1316"):
            wait_for(in_state(camera, "running"))
        wait_for(in_state(camera, "waiting for camera: ", "sent nothing for 0.3 s: check the network"))
        assert goes_on(camera)
        with sending(f"{url}?pkt_size=1316"):
            wait_for(in_state(camera, "running"))


def test_a_file_that_comes_late_is_shown(weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    with running(weights, str(path)) as camera:
        wait_for(in_state(camera, "waiting for camera: ", path.name))
        write_video(tmp_path / "whole.mp4").rename(path)
        camera.wake()  # sooner than the back-off would
        wait_for(in_state(camera, "running"))
