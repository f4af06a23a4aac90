"""Another size, rate or sink while the camera runs: what clients hold stays."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from children import join, run_together
from fake_ends import wait_for
from pydantic import ValidationError
from studio import SIZE, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import Chain
from vcam.camera.restart import RestartableCamera
from vcam.config import Config
from vcam.config_file import SavedSettings
from vcam.control.status import Command
from vcam.errors import ConfigError, SinkError, VcamError
from vcam.frame import Frame, Size
from vcam.pipeline import Sink


@dataclass
class FakeSink:
    """Keeps the size of what it was sent."""

    name: str
    size: Size | None = None
    is_open: bool = True

    def send(self, frame: Frame) -> None:
        assert self.is_open, "a frame after the close"
        self.size = frame.size

    def close(self) -> None:
        self.is_open = False


@dataclass
class Room:
    """Where outputs are opened; those of the fps in `broken` cannot be."""

    broken: set[int] = field(default_factory=set)
    sinks: list[FakeSink] = field(default_factory=list)
    on_open: Callable[[], None] = lambda: None

    def open_now(self, config: Config) -> Sink:
        assert all(not sink.is_open for sink in self.sinks), "two outputs at a time"
        self.on_open()
        if config.fps in self.broken:
            raise SinkError("the device is busy")
        return self.open_later(config)

    def open_later(self, config: Config) -> Sink:
        self.sinks.append(FakeSink(config.sink))
        return self.sinks[-1]


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)


@contextmanager
def running(config: Config, room: Room, saved: SavedSettings | None = None) -> Iterator[RestartableCamera]:
    def make(config: Config, chain: Chain, sink: Sink) -> Camera:
        return Camera(config, chain, sink, Studio().make_source, CameraOptions(saved=saved))

    with RestartableCamera(config, make, saved, room.open_now, room.open_later) as camera:
        camera.preview_url = "http://127.0.0.1:9/#key=k"
        camera.start()
        try:
            wait_for(lambda: camera.status().fresh > 0)
            yield camera
        finally:
            camera.stop()


def test_the_output_has_another_size_and_rate_and_the_rest_stays(config: Config) -> None:
    room = Room()
    with running(config, room) as camera:
        camera.do(Command(set={"light": 0.5}))
        before, ticks = camera.status(), camera.output_ticks()
        camera.do(Command(restart={"size": "160x120", "fps": 25}))
        wait_for(lambda: camera.status().fresh > 0)
        after = camera.status()
        assert (after.size, camera.config.fps, room.sinks[-1].size) == ((160, 120), 25, (160, 120))
        assert (after.picture["light"], after.preview_url) == (0.5, before.preview_url)
        assert after.started_at > before.started_at
        assert camera.output_ticks() > ticks
        assert not camera.wait(0.01), "the end of the old output is not the camera's"
    assert not room.sinks[-1].is_open


def test_an_output_that_cannot_be_had_leaves_the_old_one(config: Config) -> None:
    room = Room(broken={25})
    with running(config, room) as camera:
        with pytest.raises(SinkError, match="the device is busy; the output is as it was before"):
            camera.do(Command(restart={"size": "160x120", "fps": 25}))
        wait_for(lambda: camera.status().fresh > 0)
        assert (camera.status().state, camera.status().size) == ("running", SIZE)
        assert not camera.wait(0.01)
    assert [sink.is_open for sink in room.sinks] == [False, False]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"size": "161x120"}, ConfigError, "even"),
        ({"fps": 0}, ConfigError, r"expected 1\.\.60"),
        ({"sink": "nowhere"}, SinkError, "no sink 'nowhere'"),
        ({"sink": "/dev/video99"}, SinkError, "there is no /dev/video99"),
        ({"sink": "over/my.mp4"}, ConfigError, "a file cannot be the output"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_ends(
    config: Config, wanted: dict[str, str | int], error: type[VcamError], words: str
) -> None:
    room = Room()
    with running(config, room) as camera:
        started_at = camera.status().started_at
        with pytest.raises(error, match=words):
            camera.do(Command(restart=wanted))
        assert camera.status().started_at == started_at
        assert (len(room.sinks), room.sinks[0].is_open) == (1, True)


@pytest.mark.parametrize("wanted", [{"strength": 1}, {"size": [1, 2]}, "now"])
def test_a_restart_of_anything_else_is_malformed(wanted: object) -> None:
    with pytest.raises(ValidationError):
        Command(restart=wanted)


def test_a_file_is_not_started_again(config: Config, tmp_path: Path) -> None:
    room = Room()
    with running(config, room) as camera:
        room.sinks[0].name = "talk.mkv"
        with pytest.raises(SinkError, match="the output is a file"):
            camera.do(Command(restart={"fps": 25}))


def test_a_pause_outlives_a_restart(config: Config) -> None:
    with running(config, Room()) as camera:
        camera.do(Command(pause=True))
        camera.do(Command(restart={"fps": 25}))
        assert camera.status().state == "paused"
        camera.do(Command(resume=True))
        wait_for(lambda: camera.status().state == "running")


def test_a_revert_restarts_for_what_needs_it(config: Config, tmp_path: Path) -> None:
    saved = SavedSettings(tmp_path / "config.toml", lambda path: config)
    saved.load()
    with running(config, Room(), saved) as camera:
        camera.do(Command(set={"light": 0.5}, restart={"fps": 25}))
        assert set(camera.status().unsaved) == {"light", "fps"}
        camera.do(Command(revert=True))
        assert (camera.config, camera.status().unsaved) == (config, ())


def test_a_revert_leaves_what_waits_for_the_next_start(config: Config, tmp_path: Path) -> None:
    later = config
    saved = SavedSettings(tmp_path / "config.toml", lambda path: later)
    saved.load()
    room = Room()
    with running(config, room, saved) as camera:
        later = replace(config, fps=25)  # by `set --save`, for the next start
        (tmp_path / "config.toml").write_text("# changed")
        camera.do(Command(set={"light": 0.5}))
        camera.do(Command(revert=True))
        assert (camera.config, len(room.sinks)) == (config, 1)


def test_two_clients_restart_one_after_the_other_and_settings_are_not_lost(config: Config) -> None:
    room = Room()
    with running(config, room) as camera:
        commands = [
            Command(restart={"fps": 25}),
            Command(restart={"size": "160x120"}),
            Command(set={"light": 0.5}),
            Command(set={"wipe": 0.25}),
        ]
        run_together(*(partial(camera.do, command) for command in commands))
        now = camera.config
        assert (now.fps, now.size, now.light, now.wipe) == (25, (160, 120), 0.5, 0.25)
    assert len(room.sinks) == 3


def test_a_stop_during_a_restart_is_the_end(config: Config) -> None:
    room = Room()
    with running(config, room) as camera:
        stopping = threading.Thread(target=camera.stop, daemon=True)
        room.on_open = stopping.start
        camera.do(Command(restart={"fps": 25}))
        join([stopping])
        assert camera.wait(1)
        room.on_open = lambda: None
        with pytest.raises(VcamError, match="being stopped"):
            camera.do(Command(restart={"fps": 30}))
