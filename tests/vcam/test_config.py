from dataclasses import replace
from pathlib import Path

import pytest

from vcam.config import Config, config_text, load_config, replace_setting, save_settings
from vcam.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.toml") == Config()


def test_the_text_is_read_back_as_the_same_value(tmp_path: Path) -> None:
    config = Config(
        source='Jo\'s "USB\\Cam" \t2', size=(640, 480), fps=25, strength=0.25, require_gpu=True, link="360p"
    )
    assert load_config(write(tmp_path, config_text(config))) == config


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "strength = 1")) == Config(strength=1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("strenght = 0.5", ["config.toml", "'strenght'", "did you mean 'strength'"]),
        ('strength = "half"', ["config.toml", "strength = 'half'", "number", "strength = 1.0"]),
        ("strength = 1.5", ["config.toml", "strength = 1.5", "0..1"]),
        ("strength = nan", ["config.toml", "strength = nan", "0..1"]),
        ("strength = true", ["config.toml", "strength = True", "number"]),
        ("fps = 0", ["config.toml", "fps = 0", "1..60"]),
        ("fps = 29.97", ["config.toml", "fps = 29.97", "whole number"]),
        ('size = "1281x720"', ["config.toml", "1281x720", "even", "1280x720"]),
        ('size = "3840x2160"', ["config.toml", "3840x2160", "1920x1080"]),
        ("size = [1280, 720]", ["config.toml", "size = [1280, 720]", "WIDTHxHEIGHT"]),
        ('provider = "cudda"', ["config.toml", "'cudda'", "did you mean 'cuda'"]),
        ('source = ""', ["config.toml", "source is empty", "'auto'"]),
        ("[camera]\nfps = 30", ["config.toml", "no setting 'camera'"]),
        (f'source = "{"x" * 2001}"', ["config.toml", "source has 2001 characters", "at most 2000"]),
        (f'fps = "{"x" * 2001}"', ["config.toml", "x...", "whole number"]),
        ("fps = = 3", ["config.toml", "no TOML"]),
    ],
)
def test_a_mistake_names_file_key_and_what_was_expected(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message
    assert len(message) < 400


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(path)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("strength", "0.5", 0.5),
        ("link", " 270p ", "270p"),
        ("size", "1920X1080", (1920, 1080)),
        ("require_gpu", "Yes", True),
        ("require_gpu", "off", False),
        ("fps", "25", 25),
    ],
)
def test_a_setting_is_read_as_a_person_types_it(key: str, text: str, value: object) -> None:
    assert getattr(replace_setting(Config(), key, text), key) == value


@pytest.mark.parametrize(("key", "text"), [("strength", "2"), ("fps", "x"), ("require_gpu", "2"), ("a", "b")])
def test_a_setting_that_cannot_be_used_changes_nothing(key: str, text: str) -> None:
    config = Config()
    with pytest.raises(ConfigError, match=key):
        replace_setting(config, key, text)
    assert config == Config()


def test_saving_a_setting_keeps_the_other_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "# mine\nfps = 25  # PAL\nstrength = 0.1")
    save_settings(path, replace(load_config(path), strength=0.5, link="360p"), ["strength", "link"])
    assert path.read_text() == '# mine\nfps = 25  # PAL\nstrength = 0.5\nlink = "360p"\n'


def test_saving_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a/b/config.toml"
    save_settings(path, Config(fps=20), ["fps"])
    assert load_config(path) == Config(fps=20)
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]
    assert path.stat().st_mode & 0o777 == 0o600, "the source may be an address with its password"
