import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from vcam.config import KEYS, Config, load_config, replace_setting
from vcam.config.settings import OWN_PROVIDERS, PROVIDERS
from vcam.config_file import save_settings
from vcam.errors import ConfigError
from vcam.restore.plugins import PLUGINS


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
    save_settings(tmp_path / "whole.toml", config, KEYS)
    assert load_config(tmp_path / "whole.toml") == config


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
        ("[camera]\nfps = 30", ["config.toml", "camera = {'fps': 30}", "a table of controls by camera"]),
        (f'source = "{"x" * 2001}"', ["config.toml", "source has 2001 characters", "at most 2000"]),
        (f'fps = "{"x" * 2001}"', ["config.toml", "x...", "whole number"]),
        ("fps = = 3", ["config.toml", "not valid TOML"]),
    ],
)
def test_a_mistake_names_file_key_and_what_was_expected(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message
    assert len(message.replace(str(tmp_path), "")) < 350  # the folder is as long as pytest makes it


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"config\.toml is not a text file in UTF-8; fix or remove it"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fps = " + "9" * 400, "fps = 9999.* is out of range; expected 1..60"),
        ("strength = -" + "9" * 400, "strength = -9999.* is out of range; expected 0..1"),
        ("threads = " + "9" * 5000, "not valid TOML: Exceeds the limit"),
        ("fps = 0x" + "f" * 9000, "fps = a huge int is out of range"),
        ('size = "' + "2" * 400 + 'x2"', "is not a size with even sides"),
        ("source = " + "[" * 9000, "not valid TOML"),
        ("source" + ".a" * 2000 + " = 1", "source = a huge dict is not a text in quotes"),
        ('"' + "k" * 9000 + '" = 1', "no setting 'kkk"),
        ("#" * 20_000, "larger than 16384 bytes"),
    ],
)
def test_what_is_huge_or_deep_gives_a_short_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(write(tmp_path, text))
    assert len(str(caught.value)) < 600 + len(str(tmp_path))


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbffps = 25\r\n")
    assert load_config(path) == Config(fps=25)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_only_a_regular_file_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(ConfigError, match=f"cannot read {path}: a .*expected a.* file; fix or remove it"):
        load_config(path)


def test_a_damaged_file_is_refused_in_one_line_or_read(tmp_path: Path) -> None:
    rng = random.Random(8)
    save_settings(tmp_path / "whole.toml", Config(), KEYS)
    whole = (tmp_path / "whole.toml").read_bytes() + "# \u00e9\n[table]\nx = {a = 1}\n".encode()
    pieces = [
        b"=",
        b"[",
        b"]",
        b'"',
        b"'" * 3,
        b"9" * 30,
        b"\n",
        b"\0",
        b"\xff",
        b".",
        b"{",
        b"1e999",
        b"nan",
        b"\\u",
    ]
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            begin = rng.randrange(len(content))
            content[begin : begin + rng.randint(0, 9)] = rng.choice(pieces)
        path = tmp_path / "config.toml"
        path.write_bytes(content)
        with suppress(ConfigError):
            config = load_config(path)
            save_settings(path, config, ["fps"])
            assert load_config(path) == config


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


def test_saving_changes_a_value_where_it_is_however_its_key_is_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'# mine\r\n"fps" = 25  # PAL\r\n\'strength\'=0.1\r\nsource = """\r\nlink = off"""\r\n')
    save_settings(path, replace(load_config(path), fps=30, strength=0.5), ["fps", "strength"])
    expected = b'# mine\r\n"fps" = 30  # PAL\r\n\'strength\'=0.5\r\nsource = """\r\nlink = off"""\r\n'
    assert path.read_bytes() == expected


def test_saving_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles/config.toml", tmp_path / "config.toml"
    real.parent.mkdir()
    real.write_text("fps = 25\n")
    link.symlink_to("dotfiles/config.toml")
    save_settings(link, Config(fps=20), ["fps"])
    assert (link.is_symlink(), real.read_text()) == (True, "fps = 20\n")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.mkdir(), "a directory, expected a file"),
        (os.mkfifo, "a pipe or a device"),
        (lambda path: path.write_text("fps = = 1"), "fix or remove it"),
        (lambda path: path.symlink_to(path), "symbolic links"),
    ],
)
def test_what_cannot_be_saved_says_why(tmp_path: Path, prepare: Callable[[Path], object], words: str) -> None:
    path = tmp_path / "config.toml"
    prepare(path)
    with pytest.raises(ConfigError, match=f"cannot write {path}: .*{words}"):
        save_settings(path, Config(), ["fps"])


def test_a_name_that_is_not_unicode_cannot_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match="cannot write"):
        save_settings(path, Config(source="caf\udce9.mp4"), ["source"])
    assert list(tmp_path.iterdir()) == []


def test_a_setting_may_be_written_by_its_other_name(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('engine = "openvino"  # fast\n')
    config = load_config(path)
    assert config.provider == "openvino"
    assert replace_setting(config, "engine", "cpu").provider == "cpu"
    save_settings(path, replace_setting(config, "engine", "cpu"), ["provider"])
    assert load_config(path).provider == "cpu"
    path.write_text('engine = "openvino"\nprovider = "cpu"\n')
    with pytest.raises(ConfigError, match="engine and provider are one setting; leave one of them out"):
        load_config(path)


def test_the_settings_know_every_engine() -> None:
    assert set(PROVIDERS) - set(OWN_PROVIDERS) == set(PLUGINS)


@pytest.mark.parametrize("port", [1, 22, 6000, 6667, 10080])
def test_a_port_that_browsers_refuse_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match=f"preview_port = {port}: no browser opens a page at this port"):
        replace_setting(Config(), "preview_port", str(port))
    with pytest.raises(ConfigError, match=f"no browser opens port {port}"):
        replace_setting(Config(), "source", f"whip://127.0.0.1:{port}/phone")


@pytest.mark.parametrize("port", [0, 80, 443, 8443, 8899, 65535])
def test_a_port_that_browsers_take_is_taken(port: int) -> None:
    assert replace_setting(Config(), "preview_port", str(port)).preview_port == port
