"""Settings of the picture under names, and the cameras that they are for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from children import run_together
from fake_ends import wait_for
from pydantic import ValidationError
from studio import Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.config import PRESET_KEYS, load_config
from vcam.config_file import SavedSettings, save_settings
from vcam.control.status import Command, PresetChange
from vcam.errors import ConfigError
from vcam.sinks import NullSink
from vcam.sources import CaptureDevice

C920 = CaptureDevice(Path("/dev/video0"), "HD Pro Webcam C920", None, is_loopback=False)
LAPTOP = CaptureDevice(Path("/dev/video2"), "Integrated Camera", None, is_loopback=False)


@dataclass
class Webcam(Studio):
    """A studio that is a webcam."""

    camera: CaptureDevice = C920


def make(path: Path, webcam: Webcam) -> Camera:
    saved = SavedSettings(path)
    config = saved.load()
    options = CameraOptions(saved=saved)
    return Camera(config, make_chain(config), NullSink(), webcam.make_source, options)


@pytest.fixture
def webcam() -> Webcam:
    return Webcam()


@pytest.fixture
def camera(path: Path, webcam: Webcam) -> Iterator[Camera]:
    camera = make(path, webcam)
    camera.start()
    wait_for(lambda: camera.latest() is not None)
    yield camera
    camera.stop()


def preset(camera: Camera, /, **change: str) -> None:
    camera.do(Command(preset=PresetChange(**change)))


def listed(camera: Camera) -> list[dict[str, Any]]:
    presets: Any = camera.facts()["presets"]()["presets"]
    return presets


def test_a_preset_is_saved_used_and_deleted(camera: Camera, path: Path) -> None:
    camera.do(Command(set={"light": 0.7, "mirror": True}))
    preset(camera, save=" Evening ")
    assert [(one["name"], one["camera"], one["is_used"]) for one in listed(camera)] == [("Evening", "", True)]
    assert set(listed(camera)[0]["settings"]) == set(PRESET_KEYS)
    camera.do(Command(set={"light": 0, "mirror": False, "link": "180p"}))
    assert not listed(camera)[0]["is_used"]
    preset(camera, use="Evening")
    assert (camera.config.light, camera.config.mirror, camera.config.link) == (0.7, True, "180p")
    preset(camera, delete="Evening")
    assert listed(camera) == []
    assert "Evening" not in path.read_text()
    assert path.read_text().startswith("# mine\n")


def test_a_preset_is_in_the_file_as_a_person_would_write_it(camera: Camera, path: Path) -> None:
    camera.do(Command(set={"light": 0.7}))
    preset(camera, save='At "home". 2', camera="C920")
    again = load_config(path)
    assert again.preset == camera.config.preset
    assert '[preset."At \\"home\\". 2"]' in path.read_text()
    assert again.light == 0, "the setting itself is not saved with it"
    assert camera.status().unsaved == ("light",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"use": "Evning"}, "no preset 'Evning' .did you mean 'Evening'..; expected one of: Evening"),
        ({"delete": "x"}, "no preset 'x'; expected one of: Evening"),
        ({"save": " "}, "is not a name"),
        ({"save": "x" * 61}, "expected 1..60 visible characters"),
        ({"save": "a\nb"}, "is not a name"),
    ],
)
def test_what_is_no_preset_is_refused(camera: Camera, path: Path, change: dict[str, str], words: str) -> None:
    preset(camera, save="Evening")
    before, text = camera.config, path.read_text()
    with pytest.raises(ConfigError, match=words):
        preset(camera, **change)
    assert (camera.config, path.read_text()) == (before, text)


@pytest.mark.parametrize(
    "change", [{}, {"save": "a", "use": "b"}, {"use": "a", "camera": "b"}, {"saved": "a"}]
)
def test_a_change_is_one_thing(change: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PresetChange(**change)  # type: ignore[arg-type]  # which is what a client may send


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("preset = 3", "a table of settings by preset"),
        ("[preset.Evening]\nlihgt = 1", "no setting 'lihgt' .did you mean 'light'"),
        ("[preset.Evening]\nlight = 2", "preset 'Evening': light = 2.0 is out of range"),
        ('[preset.Evening]\nsource = "x"', "no setting 'source'"),
        ("[preset.Evening]\ncamera = 3", "is not a camera's name"),
        ("\n".join(f"[preset.p{k}]" for k in range(33)), "33 presets; expected at most 32"),
    ],
)
def test_a_table_that_cannot_be_one_is_refused(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_config(path)


def test_a_file_does_not_grow_beyond_what_can_be_read(camera: Camera, path: Path) -> None:
    path.write_text(path.read_text() + "# " + "x" * 16_200 + "\n")
    with pytest.raises(ConfigError, match="larger than 16384 bytes"):
        preset(camera, save="Evening")
    assert load_config(path).preset == {}
    assert listed(camera) == []


def test_the_preset_of_a_camera_is_used_when_it_opens(path: Path, webcam: Webcam) -> None:
    presets = {
        "Desk": {"light": 0.5, "camera": "c920"},
        "Sofa": {"light": 0.25, "zoom": 2.0, "camera": "Integrated"},
    }
    save_settings(path, replace(load_config(path), preset=presets), ["preset"])
    camera = make(path, webcam)
    camera.start()
    try:
        wait_for(lambda: camera.latest() is not None)
        camera.poll()
        assert camera.config.light == 0.5
        camera.do(Command(set={"light": 1}))
        camera.wake()  # the same camera again is no reason to undo what the user has set
        wait_for(lambda: webcam.opened == 2 and camera.latest() is not None)
        camera.poll()
        assert camera.config.light == 1
        webcam.camera = LAPTOP
        wait_for(lambda: camera.poll() > 0 and camera.config.light == 0.25)
        assert camera.config.zoom == 2
    finally:
        camera.stop()


def test_saving_again_keeps_the_camera_until_another_is_named(camera: Camera) -> None:
    preset(camera, save="Desk", camera="C920")
    preset(camera, save="Desk")
    assert listed(camera)[0]["camera"] == "C920"
    preset(camera, save="Desk", camera="")
    assert listed(camera)[0]["camera"] == ""


def test_two_clients_save_both_of_their_presets(camera: Camera, path: Path) -> None:
    run_together(*(partial(preset, camera, save=name) for name in "ABCD"))
    assert set(load_config(path).preset) == set("ABCD") == set(camera.config.preset)
