"""[camera."NAME"] in the configuration."""

from pathlib import Path

import pytest

from vcam.config import KEYS, Config, load_config, replace_setting, replace_settings
from vcam.config_file import save_settings
from vcam.errors import ConfigError

FILE = """# mine
strength = 0.5

[camera."HD Pro"]
gain = 40 # nice
exposure_dynamic_framerate = false
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def test_a_table_is_read_as_it_is_written(path: Path) -> None:
    assert load_config(path).camera == {"HD Pro": {"gain": 40, "exposure_dynamic_framerate": False}}


def test_a_control_is_named_by_its_camera_and_itself() -> None:
    config = replace_setting(Config(), "camera.USB2.0 HD UVC WebCam.gain", "7")
    assert config.camera == {"USB2.0 HD UVC WebCam": {"gain": 7}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("7", 7), ("-7", -7), ("true", True), ("False", False), ("50 Hz", "50 Hz"), (7, 7), (True, True)],
)
def test_values_are_kept_as_toml_has_them(given: object, kept: object) -> None:
    config = replace_settings(Config(), {"camera.C920.gain": given})
    assert config.camera["C920"]["gain"] is kept or config.camera["C920"]["gain"] == kept
    assert type(config.camera["C920"]["gain"]) is type(kept)


def test_a_saved_control_leaves_all_else_as_it_was_written(path: Path) -> None:
    config = replace_setting(load_config(path), "camera.HD Pro.focus", "3")
    save_settings(path, config, ["camera.HD Pro.focus"])
    assert path.read_text().startswith(FILE)
    assert load_config(path) == config


def test_a_setting_saved_behind_a_table_is_not_written_into_it(path: Path) -> None:
    config = replace_setting(load_config(path), "light", "0.5")
    save_settings(path, config, ["light"])
    assert load_config(path) == config


def test_default_leaves_a_control_to_the_camera_again(path: Path) -> None:
    config = load_config(path)
    for control in ("gain", "exposure_dynamic_framerate"):
        config = replace_setting(config, f"camera.HD Pro.{control}", "default")
        save_settings(path, config, [f"camera.HD Pro.{control}"])
    assert config.camera == {}
    assert "gain" not in path.read_text()


def test_a_configuration_with_tables_is_read_back_as_the_same(path: Path, tmp_path: Path) -> None:
    config = load_config(path)
    save_settings(tmp_path / "copy.toml", config, KEYS)
    assert load_config(tmp_path / "copy.toml") == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("camera = 3", "a table of controls by camera"),
        ("[camera]\ngain = 3", "a table of controls by camera"),
        ('[camera."x"]\ngain = [1]', "a table of controls by camera"),
        ('[camera.""]\ngain = 1', "empty or too long"),
        (f'[camera."{"x" * 101}"]\ngain = 1', "empty or too long"),
        ('[camera."x"]\n' + "\n".join(f"c{k} = 1" for k in range(65)), "too many"),
        ("\n".join(f"[camera.c{k}]" for k in range(33)), "too many"),
    ],
)
def test_a_table_that_cannot_be_one_is_refused(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_config(path)


@pytest.mark.parametrize("key", ["camera.gain", "camera..gain", "camera.C920."])
def test_a_key_that_names_no_control_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=r"camera\.NAME\.CONTROL"):
        replace_setting(Config(), key, "1")
