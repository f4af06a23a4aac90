"""What is set and what is saved, while the camera runs."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from children import run_together
from studio import Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.config import SETTINGS, load_config
from vcam.config_file import SavedSettings, save_settings
from vcam.control.status import Command
from vcam.errors import ConfigError, ModelError, VcamError
from vcam.sinks import NullSink


@pytest.fixture
def camera(path: Path) -> Iterator[Camera]:
    saved = SavedSettings(path)
    config = saved.load()
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source, CameraOptions(saved=saved))
    camera.start()
    yield camera
    camera.stop()


def listed(camera: Camera) -> dict[str, dict[str, Any]]:
    settings: Any = camera.facts()["settings"]()["settings"]
    return {one["name"]: one for one in settings}


def test_every_setting_is_listed_with_all_that_a_client_needs(camera: Camera, path: Path) -> None:
    settings = listed(camera)
    assert settings["strength"] == {
        "name": "strength",
        "value": 1.0,
        "default": 1.0,
        "kind": "float",
        "range": (0, 1),
        "choices": None,
        "help": "Strength of the restoration; 0 only scales the picture.",
        "needs": "nothing",
        "saved": 1.0,
        "is_unsaved": False,
    }
    assert (settings["size"]["value"], settings["size"]["kind"], settings["size"]["needs"]) == (
        "128x96",
        "size",
        "restart",
    )
    assert (settings["rotate"]["kind"], settings["rotate"]["choices"]) == ("choice", (0, 90, 180, 270))
    assert {one["kind"] for one in settings.values()} == {"bool", "int", "float", "text", "choice", "size"}
    assert camera.facts()["settings"]()["file"] == str(path)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_explained_in_one_sentence(setting: Any) -> None:
    assert setting.help[0].isupper()
    assert setting.help.endswith(".")
    assert ". " not in setting.help.replace("manifest.json", "")
    assert len(setting.help) <= 110


def test_a_change_is_unsaved_until_it_is_saved_or_reverted(camera: Camera, path: Path) -> None:
    camera.do(Command(set={"light": 0.5, "mirror": True}))
    assert camera.status().unsaved == ("mirror", "light")
    light = listed(camera)["light"]
    assert (light["value"], light["saved"], light["is_unsaved"]) == (0.5, 0.0, True)
    camera.do(Command(save=True))
    assert camera.status().unsaved == ()
    assert path.read_text().startswith("# mine\n")
    assert load_config(path) == camera.config
    camera.do(Command(set={"light": 1}))
    camera.do(Command(revert=True))
    assert (camera.config.light, camera.status().unsaved) == (0.5, ())


def test_a_control_is_saved_and_taken_out_again(camera: Camera, path: Path) -> None:
    camera.do(Command(set={"camera.HD Pro.gain": 40}))
    assert camera.status().unsaved == ("camera.HD Pro.gain",)
    camera.do(Command(save=True))
    assert load_config(path).camera == {"HD Pro": {"gain": 40}}
    camera.do(Command(set={"camera.HD Pro.gain": "default"}))
    camera.do(Command(save=True))
    assert "gain" not in path.read_text()


def test_a_file_that_somebody_edits_is_seen(camera: Camera, path: Path) -> None:
    path.write_text(path.read_text() + "light = 0.25\n")
    assert camera.status().unsaved == ("light",)
    camera.do(Command(revert=True))
    assert camera.config.light == 0.25


def test_what_waits_for_a_restart_is_not_overwritten_by_a_save(camera: Camera, path: Path) -> None:
    save_settings(path, replace(camera.config, fps=25), ["fps"])
    assert camera.status().unsaved == ()
    camera.do(Command(set={"light": 0.5}, save=True))
    assert load_config(path).fps == 25


def test_a_file_that_cannot_be_used_is_said_and_kept(camera: Camera, path: Path) -> None:
    path.write_text("fps = = 3\n")
    facts = camera.facts()["settings"]()
    assert "not valid TOML" in str(facts["fault"])
    assert listed(camera)["light"]["saved"] is None
    assert camera.status().unsaved == ()
    for command in (Command(save=True), Command(revert=True)):
        with pytest.raises(ConfigError, match="not valid TOML"):
            camera.do(command)
    assert path.read_text() == "fps = = 3\n"


def test_a_link_to_the_file_stays_one(camera: Camera, path: Path) -> None:
    real = path.rename(path.with_name("dotfile"))
    path.symlink_to(real)
    camera.do(Command(set={"light": 0.5}, save=True))
    assert path.is_symlink()
    assert load_config(real).light == 0.5


def test_a_camera_without_a_file_saves_nothing(path: Path) -> None:
    config = load_config(path)
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source)
    with pytest.raises(VcamError, match="no configuration file"):
        camera.do(Command(save=True))
    facts = camera.facts()["settings"]()
    assert (facts["file"], facts["fault"], camera.status().unsaved) == ("", "", ())


def test_two_clients_that_set_and_save_at_once_leave_a_whole_file(camera: Camera, path: Path) -> None:
    def change(key: str) -> None:
        for step in range(20):
            camera.do(Command(set={key: step / 20}, save=True))

    run_together(partial(change, "light"), partial(change, "wipe"))
    assert load_config(path) == camera.config
    assert (camera.config.light, camera.config.wipe) == (0.95, 0.95)


def test_a_password_in_an_address_is_not_told(camera: Camera) -> None:
    camera.do(Command(set={"source": "rtsp://joe:secret@cam/live"}))
    assert listed(camera)["source"]["value"] == "rtsp://cam"


def test_models_are_listed_with_what_is_known_of_them(camera: Camera) -> None:
    folder = Path(camera.config.weights)
    (folder / "MODEL_CARD.md").write_text("# About\n\nit")
    models: Any = camera.facts()["models"]()["models"]
    (model,) = models
    assert (model["name"], model["title"], model["is_running"], model["looks"]) == ("still", "Still", True, 1)
    assert model["card"] == "# About\n\nit"
    assert model["size_mb"] > 0
    assert set(model) == {
        *("name", "title", "is_running", "looks", "size_mb", "macs_per_pixel"),
        *("measured", "replaced", "data", "recipe", "card"),
    }
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"no .*manifest"):
        camera.facts()["models"]()


def test_an_option_of_the_start_that_is_saved_is_the_files_from_then_on(path: Path) -> None:
    saved = SavedSettings(path, given={"strength": "0.5"})
    config = replace(saved.load(), strength=0.7)
    assert saved.unsaved(config) == ("strength",)
    saved.save(config)
    assert (saved.unsaved(config), saved.last().strength) == ((), 0.7)
