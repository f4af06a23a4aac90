"""What a user can set, its file, and its errors. The defaults below are the documentation."""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from vcam.address import check_address
from vcam.errors import ConfigError, SourceError
from vcam.frame import Size, check_size, parse_size
from vcam.paths import write_private

LARGEST = (1920, 1080)
LONGEST_TEXT = 2000  # characters of a setting; addresses with their keys are far shorter
LONGEST_SHOWN = 80  # of a wrong one, in a message
PROVIDERS = ("auto", "cpu", "cuda", "tensorrt")
WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
# the output's geometry never changes while the daemon lives, nor does what holds it
FIXED = frozenset({"sink", "size", "fps", "preview_port"})


@dataclass(frozen=True)
class Config:
    """The settings of one daemon or foreground run; a value out of range raises ConfigError.

    A configuration file is TOML with these names at the top level; a size is written "1280x720".
    """

    source: str = "auto"  # auto, /dev/videoN, a camera's name, sample(-still), pattern, a file or a URL
    sink: str = "auto"  # auto, virtual, pipewire, preview, null, /dev/videoN, or a file .mp4 or .mkv
    size: Size = (1280, 720)  # of the output, (width, height), even, at most 1920x1080 either way up
    fps: int = 30  # of the output, 1..60
    link: str = "off"  # a link profile ("360p", "270p,codec=vp8,loss=0.02"), or off
    strength: float = 1.0  # of the restoration, 0..1; 0 only brings the picture to the output's size
    crispness: float = 0.0  # 0..1: from the faithful look to the crisp one, where the model has both
    model: str = "auto"  # a name from the manifest; auto takes the best one that this machine can follow
    provider: str = "auto"  # auto, cpu, cuda or tensorrt
    threads: int = 0  # of the model on the CPU, 0..64; 0: one a core, at most 4
    require_gpu: bool = False  # refuse to run the model on the CPU
    weights: str = ""  # folder of manifest.json; empty: the one that came with the program
    always_on: bool = False  # keep the webcam open though nobody watches the virtual camera
    preview_port: int = 0  # of the page on 127.0.0.1, 0..65535; 0: any free one

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if not low <= value <= high:
                raise ConfigError(f"{key} = {value:g} is out of range; expected {low}..{high}")
        _check_output(self.size)
        if self.provider not in PROVIDERS:
            found = _closest(self.provider, PROVIDERS)
            raise ConfigError(f"provider = {_short(self.provider)}{found}; expected {', '.join(PROVIDERS)}")
        for key in ("source", "sink", "link", "model"):
            if not getattr(self, key):
                raise ConfigError(f"{key} is empty; leave it out for {_default(key)!r}")
        try:
            check_address(self.source)
        except SourceError as error:
            raise ConfigError(f"source: {error}") from None
        for key in ("source", "sink", "link", "model", "weights"):
            _check_text(key, getattr(self, key))


RANGES: dict[str, tuple[float, float]] = {
    "fps": (1, 60),
    "strength": (0, 1),
    "crispness": (0, 1),
    "threads": (0, 64),
    "preview_port": (0, 65535),
}
KEYS = {field.name: field.type for field in fields(Config)}


def load_config(path: Path) -> Config:
    """Read the configuration; a file that is not there gives the defaults.

    Raises ConfigError naming file and key if it is no TOML, or if a key or value cannot be used.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}; mend or remove it") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}; mend or remove it") from None
    try:
        return replace(Config(), **{key: _check_type(key, value) for key, value in table.items()})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def replace_setting(config: Config, key: str, text: str) -> Config:
    """The configuration with one value changed, given as a person types it. Raises ConfigError."""
    kind = KEYS[_check_key(key)]
    try:
        value = _PARSERS[kind](text.strip())
    except (KeyError, ValueError):
        raise ConfigError(f"{key} = {_short(text)} is no {_expected(kind)}; {_example(key)}") from None
    return replace(config, **{key: value})


def config_text(config: Config) -> str:
    """The file's text; `load_config` reads it back as the same value."""
    return "".join(_line(key, getattr(config, key)) for key in KEYS)


def save_settings(path: Path, config: Config, keys: Iterable[str]) -> None:
    """Write these values of `config` into its file; every other line stays as the user wrote it.

    Raises ConfigError if the file cannot be written.
    """
    names = [_check_key(key) for key in keys]
    lines = [_line(name, getattr(config, name)) for name in names]
    try:
        before = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        kept = [old for old in before if old.partition("=")[0].strip() not in names]
        path.parent.mkdir(parents=True, exist_ok=True)
        # private: the source may be an address with its password
        write_private(path, "".join([*kept, *_end_of_line(kept), *lines]))
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; choose another file") from None


def _end_of_line(lines: list[str]) -> list[str]:
    return ["\n"] if lines and not lines[-1].endswith("\n") else []


def _line(key: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{key} = {str(value).lower()}\n"
    if isinstance(value, tuple):
        value = f"{value[0]}x{value[1]}"
    return f"{key} = {_quote(value) if isinstance(value, str) else value}\n"


def _quote(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _check_key(key: str) -> str:
    if key not in KEYS:
        raise ConfigError(
            f"no setting {_short(key)}{_closest(key, KEYS)}; expected one of: {', '.join(KEYS)}"
        )
    return key


def _check_type(key: str, value: object) -> Any:
    """A value from the file, as Config holds it."""
    kind = KEYS[_check_key(key)]
    if kind is Size and isinstance(value, str):
        return replace_setting(Config(), key, value).size
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{key} = {_short(value)} is no {_expected(kind)}; {_example(key)}")
    return value


def _check_output(size: Size) -> None:
    try:
        check_size(size)
    except ValueError as error:
        raise ConfigError(f"size = {error}") from None
    if max(size) > max(LARGEST) or min(size) > min(LARGEST):
        raise ConfigError(f"size = {size[0]}x{size[1]} is too large; expected at most 1920x1080")


def _check_text(key: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"{key} has {len(text)} characters; expected at most {LONGEST_TEXT}")


def _short(value: object) -> str:
    """A value as a message repeats it."""
    shown = repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def _closest(word: str, words: Mapping[str, object] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word[:LONGEST_SHOWN], list(words), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _default(key: str) -> object:
    return getattr(Config(), key)


def _example(key: str) -> str:
    return f"for example: {_line(key, _default(key)).strip()}"


def _expected(kind: Any) -> str:
    names = {str: "text in quotes", int: "whole number", float: "number", bool: "true or false"}
    return names.get(kind, "size with even sides, as WIDTHxHEIGHT")


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: WORDS[text.lower()],
    Size: parse_size,
}
