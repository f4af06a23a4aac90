"""The running camera while its model is replaced, broken or fails."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_ends import wait_for
from manual_time import ManualTime
from stand_in import write_weights
from studio import SIZE, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain, make_restorer
from vcam.config import Config
from vcam.control.status import Command
from vcam.errors import LinkError, ModelError
from vcam.frame import Frame
from vcam.restore import Restorer
from vcam.sinks import NullSink


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)


@pytest.fixture
def clock() -> ManualTime:
    return ManualTime()


@contextmanager
def running(config: Config, clock: ManualTime) -> Iterator[Camera]:
    camera = Camera(
        config, make_chain(config), NullSink(), Studio().make_source, CameraOptions(clock=clock.clock)
    )
    camera.start()
    try:
        wait_for(lambda: camera.status().state == "running")
        yield camera
    finally:
        camera.stop()


def poll(camera: Camera, clock: ManualTime, seconds: float) -> None:
    for _ in range(round(seconds)):
        clock.sleep(1)
        camera.poll()


def warnings(camera: Camera) -> list[str]:
    """Those about the model; that it cannot follow the studio's thousand frames a second is no mishap."""
    return [text for text in camera.status().warnings if not text.startswith("too slow")]


def goes_on(camera: Camera) -> bool:
    fresh = camera.status().fresh
    wait_for(lambda: camera.status().fresh > fresh)
    return True


def test_a_model_that_is_replaced_takes_over_by_itself(config: Config, clock: ManualTime) -> None:
    with running(config, clock) as camera:
        write_weights(Path(config.weights), ["brighter"], residual=188)
        poll(camera, clock, 6)
        assert camera.status().model == "brighter (int8)"
        assert warnings(camera) == []
        assert goes_on(camera)


def test_a_corrupt_model_leaves_the_old_one_until_it_is_fixed(config: Config, clock: ManualTime) -> None:
    path = Path(config.weights) / "still.onnx"
    good = path.read_bytes()
    with running(config, clock) as camera:
        path.write_bytes(b"scrap")
        poll(camera, clock, 6)
        (warning,) = warnings(camera)
        assert warning.startswith("kept the old model: ")
        assert "still.onnx is not the published file" in warning
        assert (camera.status().state, camera.status().model) == ("running", "still (int8)")
        assert goes_on(camera)
        path.write_bytes(good)
        poll(camera, clock, 6)
        assert warnings(camera) == []


def test_a_manifest_that_vanishes_is_survived(config: Config, clock: ManualTime) -> None:
    with running(config, clock) as camera:
        (Path(config.weights) / "manifest.json").unlink()
        poll(camera, clock, 6)
        assert "manifest.json" in warnings(camera)[0]
        assert goes_on(camera)


def test_a_reload_that_is_refused_stays_in_the_status(config: Config, clock: ManualTime) -> None:
    with running(config, clock) as camera:
        (Path(config.weights) / "still.onnx").write_bytes(b"scrap")
        with pytest.raises(ModelError):
            camera.do(Command(reload=True))
        assert warnings(camera)[0].startswith("kept the old model: ")


def test_a_model_that_fails_while_it_runs_comes_back_by_itself(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, cells: object) -> object:
        raise RuntimeError("out of memory")

    with running(config, clock) as camera:
        with monkeypatch.context() as patch:
            patch.setattr("vcam.restore.Network.residual", fail)
            wait_for(lambda: camera.status().state == "pass-through: out of memory")
            poll(camera, clock, 12)
            (warning,) = warnings(camera)
            assert warning.startswith("still no model: model 'still' does not run: out of memory")
        poll(camera, clock, 59)
        assert camera.status().state == "pass-through: out of memory"
        poll(camera, clock, 3)
        wait_for(lambda: camera.status().state == "running")
        assert warnings(camera) == []


def test_a_model_that_cannot_follow_the_camera_is_warned_of(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dawdle(self: object, frame: Frame) -> Frame:
        threading.Event().wait(0.01)  # ten frames of the studio come meanwhile
        return frame

    def busy() -> int:
        return camera.status().drops.get("busy", 0)

    monkeypatch.setattr("vcam.restore.Restorer.__call__", dawdle)
    with running(config, clock) as camera:
        for _ in range(8):
            before = busy()
            wait_for(lambda before=before: busy() > before)
            poll(camera, clock, 1)
        assert any(text.startswith("too slow for this camera") for text in camera.status().warnings)


def test_a_faster_model_takes_over_where_frames_come_late_and_the_status_says_so(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dawdle(self: Restorer, frame: Frame) -> Frame:
        if self.model.spec.name == "best":
            threading.Event().wait(0.01)  # ten frames of the studio come meanwhile
        return frame

    monkeypatch.setattr("vcam.restore.Restorer.__call__", dawdle)
    write_weights(Path(config.weights), ["best", "fast"])
    with running(config, clock) as camera:
        assert camera.status().model == "best (int8)"
        before = 0
        for _ in range(6):
            wait_for(lambda before=before: camera.status().drops.get("busy", 0) > before)
            before = camera.status().drops["busy"]
            poll(camera, clock, 1)
        assert camera.status().model == "fast (int8)"
        (reason,) = warnings(camera)
        assert reason.startswith("the model fast runs in place of best, with which")
        assert goes_on(camera)
        camera.do(Command(set={"model": "best"}))
        assert camera.status().model == "best (int8)"
        assert warnings(camera) == []


def test_settings_of_the_model_survive_its_reload(config: Config, clock: ManualTime) -> None:
    with running(config, clock) as camera:
        camera.do(Command(set={"strength": 0.25}))
        write_weights(Path(config.weights), ["brighter"], residual=188)
        poll(camera, clock, 6)
        assert (camera.status().model, camera.status().strength) == ("brighter (int8)", 0.25)


def test_a_pause_and_a_stop_wait_for_no_model(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_loading, may_end = threading.Event(), threading.Event()

    def load(config: Config) -> None:
        is_loading.set()
        assert may_end.wait(10)
        raise ModelError("it took too long")

    with running(config, clock) as camera:
        monkeypatch.setattr("vcam.camera.chain.make_restorer", load)
        write_weights(Path(config.weights), ["brighter"], residual=188)
        loading = threading.Thread(target=poll, args=(camera, clock, 6), daemon=True)
        loading.start()
        try:
            assert is_loading.wait(10)
            commands = [Command(pause=True), Command(resume=True), Command(stop=True)]
            asking = threading.Thread(
                target=lambda: [camera.do(command) for command in commands], daemon=True
            )
            asking.start()
            asking.join(5)
            assert not asking.is_alive()
            assert loading.is_alive()
        finally:
            may_end.set()
            loading.join(10)


def test_with_a_model_that_does_not_run_other_settings_can_be_changed(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, cells: object) -> object:
        raise RuntimeError("out of memory")

    with running(config, clock) as camera:
        monkeypatch.setattr("vcam.restore.Network.residual", fail)
        wait_for(lambda: camera.status().state == "pass-through: out of memory")
        camera.do(Command(set={"source": "other", "strength": 0.5, "link": "360p"}))
        assert (camera.config.source, camera.config.link) == ("other", "360p")
        with pytest.raises(ModelError, match="does not run"):
            camera.do(Command(set={"threads": 2}))


def test_a_link_that_failed_and_is_switched_off_is_over(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, frame: Frame) -> Frame:
        raise LinkError("its encoder failed")

    monkeypatch.setattr("vcam.link.Link.__call__", fail)
    with running(config, clock) as camera:
        camera.do(Command(set={"link": "360p"}))
        wait_for(lambda: camera.status().state == "running without its link: its encoder failed")
        camera.do(Command(set={"strength": 0.5}))
        assert camera.status().state == "running without its link: its encoder failed"
        camera.do(Command(set={"link": "off"}))
        assert camera.status().state == "running"
        restorer = camera._chain.chain.restorer
        poll(camera, clock, 80)
        assert camera._chain.chain.restorer is restorer


def test_weights_that_change_while_another_model_is_loaded_are_loaded_after_it(
    config: Config, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_weights(Path(config.weights), ["still", "other"])

    def load(of: Config) -> Restorer:
        restorer = make_restorer(of)
        write_weights(Path(config.weights), ["still", "other"], residual=188)  # a release arrives meanwhile
        return restorer

    with running(config, clock) as camera:
        with monkeypatch.context() as patch:
            patch.setattr("vcam.camera.chain.make_restorer", load)
            camera.do(Command(set={"model": "other"}))
        first = camera._chain.chain.restorer
        poll(camera, clock, 6)
        second = camera._chain.chain.restorer
        assert second is not first
        poll(camera, clock, 20)
        assert camera._chain.chain.restorer is second


def test_a_model_that_was_set_is_not_loaded_again_by_itself(config: Config, clock: ManualTime) -> None:
    with running(config, clock) as camera:
        write_weights(Path(config.weights), ["still", "other"])
        camera.do(Command(set={"model": "other"}))
        restorer = camera._chain.chain.restorer
        poll(camera, clock, 20)
        assert camera._chain.chain.restorer is restorer
