"""Saves settings into the configuration file and leaves everything else in it as the user wrote it."""

import os
from collections.abc import Iterable
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from vcam.config import CONTROL_PREFIX, LARGEST_FILE, Config, split_control
from vcam.errors import ConfigError
from vcam.paths import write_private
from vcam.regular import read_small


def save_settings(path: Path, config: Config, keys: Iterable[str]) -> None:
    """Write these values of `config` into its file; all else, comments too, stays as the user wrote it.

    Where the path is a link, the file that it leads to is written. Raises ConfigError if that cannot be done.
    """
    target = Path(os.path.realpath(path))
    try:
        document = tomlkit.parse(_read(target))
        for key in keys:
            if key.startswith(CONTROL_PREFIX):
                _put_control(document, config, *split_control(key))
            else:
                document[key] = _to_toml(getattr(config, key))
        target.parent.mkdir(parents=True, exist_ok=True)
        # private: the source may be an address with its password
        write_private(target, tomlkit.dumps(document))
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror}. Set XDG_CONFIG_HOME to a folder you may write to"
        ) from None
    except (TOMLKitError, ValueError, RecursionError) as error:  # ValueError: not UTF-8, on either way
        raise ConfigError(f"cannot write {path}: {error}; fix or remove it") from None


def _put_control(document: tomlkit.TOMLDocument, config: Config, name: str, control: str) -> None:
    """Write one control of one camera, or take it out where the configuration has it no more."""
    value = config.camera.get(name, {}).get(control)
    if value is not None:
        cameras = document.setdefault("camera", tomlkit.table(is_super_table=True))
        cameras.setdefault(name, tomlkit.table())[control] = value
    elif control in document.get("camera", {}).get(name, {}):
        del document["camera"][name][control]


def _read(path: Path) -> str:
    try:
        return read_small(path, LARGEST_FILE).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _to_toml(value: object) -> object:
    return "{}x{}".format(*value) if isinstance(value, tuple) else value
