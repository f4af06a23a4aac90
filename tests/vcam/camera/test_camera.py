import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from children import join
from fake_ends import PATIENCE_S, wait_for
from stand_in import write_experts, write_weights
from studio import SIZE, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.config import Config
from vcam.config_file import SavedSettings
from vcam.control.status import Command
from vcam.errors import ConfigError, LinkError, ModelError, SourceError, VcamError
from vcam.frame import Frame, black
from vcam.placeholder import placeholder
from vcam.sinks import NullSink


@contextmanager
def running(config: Config, studio: Studio | None = None, **terms: Any) -> Iterator[Camera]:
    studio = studio or Studio()
    camera = Camera(config, make_chain(config), NullSink(), studio.make_source, CameraOptions(**terms))
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def luma(camera: Camera) -> int | None:
    result = camera.latest()
    return int(result.after.y[0, 0]) if result else None


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)


def test_a_camera_runs_and_tells_what_it_does(config: Config) -> None:
    with running(config) as camera:
        wait_for(lambda: camera.status().state == "running" and camera.status().fresh > 3)
        status = camera.status()
    assert (status.model, status.provider) == ("still (int8)", "CPUExecutionProvider")
    assert (status.sink, status.size, status.link, status.kbps) == ("null", SIZE, None, None)
    assert status.age_ms.p50 > 0
    assert "restore" in status.stage_ms


def test_a_camera_without_a_picture_yet_is_starting(config: Config) -> None:
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source)
    assert camera.status().state == "starting"


def test_crispness_changes_the_look_without_reopening_the_source(config: Config) -> None:
    write_experts(Path(config.weights), "two", [148, 128, 188, 128], looks=2)
    studio = Studio()
    with running(config, studio) as camera:
        # the gauge takes black, 16, for one part white in sixteen
        wait_for(lambda: luma(camera) == 35)
        assert camera.status().crispness == 0
        camera.do(Command(set={"crispness": 1}))
        wait_for(lambda: luma(camera) == 72)
        assert camera.status().crispness == 1
    assert studio.opened == 1


def test_the_status_tells_how_much_stood_still(config: Config) -> None:
    write_experts(Path(config.weights), "two", [148, 128])
    with running(config) as camera:
        wait_for(lambda: camera.status().unchanged == 1)
        assert camera.status().crispness is None, "a model of one look has no crispness"


def test_strength_and_link_change_without_reopening_the_source(config: Config) -> None:
    write_weights(Path(config.weights), ["brighter"], residual=188)
    studio = Studio()
    with running(config, studio) as camera:
        wait_for(lambda: luma(camera) == 76)
        camera.do(Command(set={"strength": 0.5, "link": "180p"}))
        wait_for(lambda: luma(camera) == 46 and camera.status().kbps is not None)
        assert camera.status().link == "180p"
        camera.do(Command(set={"link": "off", "strength": "0"}))
        wait_for(lambda: luma(camera) == 16)
        assert camera.status().link is None
    assert studio.opened == 1


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"strength": 0.5, "link": "361p"}, LinkError, "no link profile '361p'"),
        ({"strength": 0.5, "model": "huge"}, ModelError, "no model 'huge'"),
        ({"strength": 0.5, "weights": "/nowhere"}, ModelError, "no /nowhere/manifest.json"),
        ({"strength": 0.5, "strenth": 1}, ConfigError, "did you mean 'strength'"),
        ({"strength": 0.5, "size": "640x480"}, ConfigError, "set --save size 640x480 && sharpkd restart"),
    ],
)
def test_a_setting_that_cannot_be_used_changes_nothing(
    config: Config, settings: dict[str, str | float], error: type[VcamError], words: str
) -> None:
    with running(config) as camera:
        wait_for(lambda: camera.status().state == "running")
        with pytest.raises(error, match=words):
            camera.do(Command(set=settings))
        assert camera.config == config
        sent = camera.status().fresh
        wait_for(lambda: camera.status().fresh > sent)
        assert camera.status().state == "running"


def test_a_reload_takes_over_configuration_and_model(config: Config) -> None:
    studio = Studio()
    saved = SavedSettings(Path("unread.toml"), lambda path: replace(config, strength=0.5))
    with running(config, studio, saved=saved) as camera:
        wait_for(lambda: luma(camera) == 16)
        write_weights(Path(config.weights), ["brighter"], residual=188)
        camera.do(Command(reload=True))
        wait_for(lambda: luma(camera) == 46)
        assert camera.status().model == "brighter (int8)"
    assert studio.opened == 1


def test_a_reload_of_a_corrupt_model_leaves_the_old_one_running(config: Config) -> None:
    with running(config) as camera:
        wait_for(lambda: camera.status().state == "running")
        (Path(config.weights) / "still.onnx").write_bytes(b"scrap")
        with pytest.raises(ModelError, match="not the published file"):
            camera.do(Command(reload=True))
        sent = camera.status().fresh
        wait_for(lambda: camera.status().fresh > sent)
        assert camera.status().model == "still (int8)"


def test_a_missing_camera_is_waited_for(config: Config) -> None:
    studio = Studio(error="unplugged. Plug it in")
    with running(config, studio) as camera:
        wait_for(lambda: camera.status().state == "waiting for camera: unplugged. Plug it in")
        assert camera.latest() is None
        studio.error = ""
        wait_for(lambda: camera.status().state == "running")
        studio.error = "gone"
        wait_for(lambda: camera.status().state == "waiting for camera: gone")
        assert camera.latest() is None


def test_another_source_is_opened_at_once(config: Config) -> None:
    studio = Studio()
    with running(config, studio) as camera:
        wait_for(lambda: camera.status().state == "running")
        camera.do(Command(set={"source": "other"}))
        wait_for(lambda: studio.opened == 2)
    assert studio.names == ["studio", "other"]


def test_a_pause_closes_the_camera_and_a_resume_opens_it(config: Config) -> None:
    studio = Studio()
    with running(config, studio) as camera:
        wait_for(lambda: camera.status().state == "running")
        camera.do(Command(pause=True))
        assert camera.status().state == "paused"
        wait_for(lambda: camera.latest() is None)
        camera.do(Command(resume=True))
        wait_for(lambda: camera.status().state == "running")
    assert studio.opened == 2


def test_a_restoration_that_fails_is_passed_by_until_a_reload(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, cells: object) -> object:
        raise RuntimeError("out of memory")

    with running(config) as camera:
        wait_for(lambda: camera.status().state == "running")
        with monkeypatch.context() as patch:
            patch.setattr("vcam.restore.Network.residual", fail)
            wait_for(lambda: camera.status().state == "pass-through: out of memory")
            assert camera.status().model == "none"
        camera.do(Command(reload=True))
        wait_for(lambda: camera.status().state == "running")
        assert camera.status().model == "still (int8)"


def test_a_link_that_fails_is_left_out(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, frame: Frame) -> Frame:
        raise LinkError("its encoder failed")

    with running(config) as camera:
        monkeypatch.setattr("vcam.link.Link.__call__", fail)
        camera.do(Command(set={"link": "360p"}))
        wait_for(lambda: camera.status().state == "running without its link: its encoder failed")
        assert camera.status().link is None


def test_a_foreground_camera_ends_with_what_failed(config: Config) -> None:
    with running(config, Studio(error="unplugged"), is_patient=False) as camera, pytest.raises(SourceError):
        wait_for(lambda: camera.wait(0.01))


def test_the_card_tells_no_secret(config: Config) -> None:
    studio = Studio(error="cannot open rtsp://joe:secret@cam/x: check it. See /home/joe/log")
    camera = Camera(
        replace(config, source="rtsp://joe:secret@cam/x?key=1"),
        make_chain(config),
        NullSink(),
        studio.make_source,
    )
    assert shows(camera, "Starting", "Opening rtsp://cam")
    camera.start()
    try:
        cause = "cannot open rtsp://cam: check it. See log"
        wait_for(lambda: shows(camera, "Waiting for the camera", cause))
    finally:
        camera.stop()


def shows(camera: Camera, title: str, detail: str) -> bool:
    return bool((camera.placeholder().y == placeholder(SIZE, title, detail).y).all())


def test_a_pause_does_not_wait_for_a_card_to_be_drawn(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source)
    camera.start()
    is_drawing, may_end = threading.Event(), threading.Event()

    def draw(*_: object) -> Frame:
        is_drawing.set()
        assert may_end.wait(PATIENCE_S)
        return black(SIZE)

    monkeypatch.setattr("vcam.camera.cards.placeholder", draw)
    setting = threading.Thread(target=camera.do, args=(Command(set={"source": "other"}),), daemon=True)
    setting.start()
    try:
        assert is_drawing.wait(PATIENCE_S)
        camera.do(Command(pause=True))
        assert camera.status().state == "paused"
    finally:
        may_end.set()
        join([setting])
        camera.stop()
    assert camera.status().state == "paused"
