"""What the user wants done to the published picture, while the camera runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_ends import wait_for
from stand_in import ZERO, write_weights
from studio import SIZE, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.config import Config
from vcam.control.status import Command
from vcam.errors import ConfigError, ModelError, VcamError
from vcam.frame import Frame
from vcam.manifest import FILE_NAME, manifest_text, read_manifest
from vcam.model_versions import keep_replaced
from vcam.pipeline import Result
from vcam.sinks import NullSink


@dataclass
class Halves(Studio):
    """A studio whose pictures are darker to the left."""

    def __next__(self) -> Frame:
        frame = super().__next__()
        luma = np.full_like(frame.y, 160)
        luma[:, : SIZE[0] // 2] = 60
        return replace(frame, y=luma)


@contextmanager
def running(config: Config, **options: Any) -> Iterator[Camera]:
    camera = Camera(config, make_chain(config), NullSink(), Halves().make_source, CameraOptions(**options))
    camera.start()
    try:
        wait_for(lambda: camera.status().fresh > 0)
        yield camera
    finally:
        camera.stop()


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="studio", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)


def latest(camera: Camera) -> Result:
    result = camera.latest()
    assert result is not None
    return result


def left(camera: Camera) -> int:
    return int(latest(camera).after.y[48, 8])


def card(camera: Camera) -> Frame:
    return camera.placeholder()


def test_a_mirror_is_set_and_unset_while_it_runs(config: Config) -> None:
    with running(config) as camera:
        assert left(camera) == 60
        camera.do(Command(set={"mirror": True}))
        wait_for(lambda: left(camera) == 160)
        status = camera.status()
        assert (status.picture["mirror"], status.adjusted) == (True, ("mirror",))
        camera.do(Command(toggle="mirror"))
        wait_for(lambda: left(camera) == 60)


def test_a_camera_starts_as_it_is_configured(config: Config) -> None:
    with running(replace(config, mirror=True)) as camera:
        assert left(camera) == 160


def test_a_zoom_arrives_at_what_the_pan_names(config: Config) -> None:
    with running(config) as camera:
        camera.do(Command(set={"zoom": 2, "pan_x": 1}))
        wait_for(lambda: left(camera) == 160)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"zoom": 5}, "zoom = 5.0 is out of range; expected 1..4"),
        ({"rotate": 45}, "expected 0, 90, 180 or 270"),
        ({"overlay": "wipes"}, "did you mean 'wipe'"),
        ({"card_picture": "/nowhere/at-all.png"}, "No such file"),
        ({"mirrored": True}, "did you mean 'mirror'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    config: Config, settings: dict[str, Any], words: str
) -> None:
    with running(config) as camera:
        with pytest.raises(ConfigError, match=words):
            camera.do(Command(set={"light": 1, **settings}))
        assert camera.config == config


def test_a_freeze_is_held_told_and_undone(config: Config) -> None:
    with running(config) as camera:
        camera.do(Command(freeze=True))
        index = latest(camera).after.index
        sent = camera.status().sent
        wait_for(lambda: camera.status().sent > sent + 5)
        assert latest(camera).after.index == index
        assert camera.status().is_frozen
        camera.do(Command(toggle="freeze"))
        wait_for(lambda: latest(camera).after.index > index)
        assert not camera.status().is_frozen


def test_without_a_picture_a_freeze_is_refused_in_words(config: Config) -> None:
    with running(config) as camera:
        camera.do(Command(pause=True))
        with pytest.raises(VcamError, match="no picture to freeze: the camera is paused"):
            camera.do(Command(freeze=True))


def test_a_pause_is_toggled(config: Config) -> None:
    with running(config) as camera:
        camera.do(Command(toggle="pause"))
        assert camera.status().state == "paused"
        camera.do(Command(toggle="pause"))
        wait_for(lambda: camera.status().state == "running")


def test_the_users_card_takes_the_place_of_ours(config: Config, tmp_path: Path) -> None:
    white = tmp_path / "white.png"
    cv2.imwrite(str(white), np.full((90, 160, 3), 255, np.uint8))
    with running(config) as camera:
        camera.do(Command(pause=True))
        ours = card(camera)
        camera.do(Command(set={"card_title": "Back at three"}))
        assert not np.array_equal(card(camera).y, ours.y)
        camera.do(Command(set={"card_title": "", "card_picture": str(white)}))
        assert card(camera).y.min() > 200
        camera.do(Command(set={"card_picture": ""}))
        assert np.array_equal(card(camera).y, ours.y)


def test_a_card_that_is_gone_at_the_start_is_a_warning(config: Config) -> None:
    with running(replace(config, card_picture="/nowhere/card.png")) as camera:
        warnings = camera.status().warnings
        assert any("card_picture" in warning for warning in warnings)


def test_programs_that_watch_are_named(config: Config) -> None:
    with running(config, watchers=lambda: ("chromium", "zoom")) as camera:
        assert camera.status().watchers == ("chromium", "zoom")


def test_the_gain_is_told_while_a_link_is_simulated(config: Config) -> None:
    with running(replace(config, link="180p")) as camera:
        wait_for(lambda: camera.status().gain_db is not None)
        camera.do(Command(set={"link": "off"}))
        wait_for(lambda: camera.status().gain_db is None)


def test_adjustments_that_fail_are_left_out_said_and_tried_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(config) as camera:
        with monkeypatch.context() as broken:
            broken.setattr("vcam.adjust.stage.arrange", lambda *args, **words: 1 / 0)
            wait_for(lambda: camera.status().state == "running without its adjustments: division by zero")
            assert left(camera) == 60
        camera.do(Command(reload=True))
        wait_for(lambda: camera.status().state == "running")
        camera.do(Command(set={"mirror": True}))
        wait_for(lambda: left(camera) == 160)


def test_going_back_to_a_models_version_reaches_the_picture(config: Config, weights: Path) -> None:
    replaced = keep_replaced(weights, "still")
    write_weights(weights, ["still"], ZERO + 40)
    (weights / FILE_NAME).write_text(manifest_text(read_manifest(weights), replaced))
    with running(config) as camera:
        assert left(camera) == 100
        assert models(camera)["still"]["replaced"] == 1
        camera.do(Command(rollback="still"))
        wait_for(lambda: left(camera) == 60)
        with pytest.raises(ModelError, match="no model 'nosuch'"):
            camera.do(Command(rollback="nosuch"))


def models(camera: Camera) -> dict[str, dict[str, Any]]:
    found: Any = camera.facts()["models"]()
    return {one["name"]: one for one in found["models"]}
