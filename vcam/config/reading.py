"""Settings as they are read: from a file, from what a person types, and from what a client sends."""

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from vcam.config.messages import LONGEST_SHOWN, say_kind, say_range, short
from vcam.config.presets import settings_of
from vcam.config.settings import DEFAULTS, KEYS, OTHER_NAMES, RANGES, Config
from vcam.config.tables import CONTROL_PREFIX, replace_control
from vcam.errors import ConfigError
from vcam.regular import read_small
from vcam.spelling import closest

log = logging.getLogger(__name__)

LARGEST_FILE = 16_384  # bytes; a parser's time may grow with the square of them

TABLES = {"camera": "a table of controls by camera", "preset": "a table of settings by preset"}

_FILE: type[BaseModel] = create_model(  # type: ignore[call-overload]  # which knows no dict of fields
    "_FILE",
    __config__=ConfigDict(extra="forbid", strict=True),
    **{each.name: (each.type, {} if each.default is MISSING else each.default) for each in fields(Config)},
)
_SETTINGS = {key: TypeAdapter[Any](kind) for key, kind in KEYS.items()}  # each as a person types it


def load_config(path: Path) -> Config:
    """Read the configuration; a file that is not there gives the defaults.

    Raises ConfigError naming file and key if it is not valid TOML, or if a key or value cannot be used.
    """
    try:
        table = tomllib.loads(read_small(path, LARGEST_FILE).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        if not os.access(path.parent, os.X_OK):  # a home of somebody else's, as root's in a container
            log.warning("cannot look into %s: the defaults are used", path.parent)
            return Config()
        raise ConfigError(f"cannot read {path}: {error.strerror}; fix or remove it") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8; fix or remove it") from None
    except (ValueError, RecursionError) as error:  # of a number of thousands of digits, and of deep brackets
        raise ConfigError(f"{path} is not valid TOML: {error}; fix or remove it") from None
    try:
        return _read_table(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def replace_settings(config: Config, settings: Mapping[str, object]) -> Config:
    """The configuration with values changed as a client sends them: text, numbers, true or false.

    Raises ConfigError.
    """
    for key, value in settings.items():
        # a number stays one; true and false are words, which no number setting takes
        is_kept = type(value) in (int, float) or key.startswith(CONTROL_PREFIX)
        config = replace_setting(config, key, value if is_kept else str(value))
    return config


def replace_setting(config: Config, key: str, given: object) -> Config:
    """The configuration with one value changed, a number or text as a person types it. Raises ConfigError."""
    if key.startswith(CONTROL_PREFIX):
        return replace(config, camera=replace_control(config.camera, key, given))
    key = check_key(key)
    kind = KEYS[key]
    try:
        if kind is str or isinstance(given, str):
            given = str(given).strip()
            if kind is not str and len(given) > LONGEST_SHOWN:
                raise ValueError("far longer than any number")
        value = _SETTINGS[key].validate_python(given)
    except ValueError:  # pydantic's own error is one
        raise ConfigError(_say_kind(key, given)) from None
    return replace(config, **{key: value})


def _read_table(table: Mapping[str, object]) -> Config:
    """A file's table as a Config. Raises ConfigError for the first value that cannot be used."""
    for other, key in OTHER_NAMES.items():
        if other in table and key in table:
            raise ConfigError(f"{other} and {key} are one setting; leave one of them out")
    table = {OTHER_NAMES.get(key, key): value for key, value in table.items()}
    try:
        config = Config(**_FILE.model_validate(table).model_dump())
    except ValidationError as error:
        mistake = error.errors(include_url=False)[0]
        key = check_key(str(mistake["loc"][0]))
        if KEYS[key] is float and type(table[key]) is int:  # beyond any float
            raise ConfigError(say_range(key, table[key], RANGES[key])) from None
        raise ConfigError(_say_kind(key, table[key])) from None
    for name, preset in config.preset.items():
        try:
            replace_settings(Config(), settings_of(preset))
        except ConfigError as error:
            raise ConfigError(f"preset {short(name)}: {error}") from None
    return config


def check_key(key: str) -> str:
    """The setting that a key names. Raises ConfigError if there is none."""
    key = OTHER_NAMES.get(key, key)
    if key not in KEYS:
        raise ConfigError(f"no setting {short(key)}{closest(key, KEYS)}; expected one of: {', '.join(KEYS)}")
    return key


def _say_kind(key: str, value: object) -> str:
    expected = TABLES.get(key) or _expected(KEYS[key])
    return say_kind(key, value, expected, getattr(DEFAULTS, key))


def _expected(kind: Any) -> str:
    names = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a size with even sides, as WIDTHxHEIGHT")
