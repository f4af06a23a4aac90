"""What a user can set, how it is read, and its errors. The defaults below are the documentation."""

import difflib
import json
import logging
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError, create_model

from vcam.address import check_address
from vcam.errors import ConfigError, SourceError
from vcam.frame import Size, check_size, parse_size
from vcam.regular import read_small

log = logging.getLogger(__name__)

LARGEST = (1920, 1080)
LONGEST_TEXT = 2000  # characters of a setting; addresses with their keys are far shorter
LARGEST_FILE = 16_384  # bytes; a parser's time may grow with the square of them
LONGEST_SHOWN = 80  # of a wrong one, in a message
MOST_CAMERAS, MOST_CONTROLS = 32, 64  # tables, and values in one
LONGEST_NAME = 100  # of a camera, a control or its value in words
CONTROL_PREFIX = "camera."  # of a key that means one control of one camera
ROTATIONS = (0, 90, 180, 270)
OVERLAYS = ("wipe", "fps", "kbps", "gain")
PROVIDERS = ("auto", "cpu", "cuda", "tensorrt")
# the output's geometry never changes while the daemon lives, nor does what holds it
FIXED = frozenset({"sink", "size", "fps", "preview_port"})


def _read_size(value: object) -> object:
    """A size as it is written; ValueError for any other value."""
    if not isinstance(value, str):
        raise ValueError("not written as WIDTHxHEIGHT")
    return parse_size(value)


ControlValue: TypeAlias = str | int | float | bool
Controls: TypeAlias = dict[str, dict[str, ControlValue]]  # by camera, then by control
WrittenSize = Annotated[Size, BeforeValidator(_read_size)]


@dataclass(frozen=True)
class Config:
    """The settings of one daemon or foreground run; a value out of range raises ConfigError.

    A configuration file is TOML with these names at the top level; a size is written "1280x720".
    """

    source: str = "auto"  # auto, /dev/videoN, a camera's name, sample(-still), pattern, a file or a URL
    sink: str = "auto"  # auto, virtual, pipewire, preview, null, /dev/videoN, or a file .mp4 or .mkv
    size: WrittenSize = (1280, 720)  # of the output, (width, height), even, at most 1920x1080 either way up
    fps: int = 30  # of the output, 1..60
    link: str = "off"  # a link profile ("360p", "270p,codec=vp8,loss=0.02"), or off
    strength: float = 1.0  # of the restoration, 0..1; 0 only brings the picture to the output's size
    crispness: float = 0.0  # 0..1: from the faithful look to the crisp one, where the model has both
    denoise: float = 1.0  # 0..1: how deep still areas are averaged over time; 0 looks at single frames
    model: str = "auto"  # a name from the manifest; auto takes the best one that this machine can follow
    provider: str = "auto"  # auto, cpu, cuda or tensorrt
    threads: int = 0  # of the model on the CPU, 0..64; 0: one a core, at most 4
    require_gpu: bool = False  # refuse to run the model on the CPU
    weights: str = ""  # folder of manifest.json; empty: the one that came with the program
    mirror: bool = False  # exchange left and right of what is published
    flip: bool = False  # exchange top and bottom
    rotate: int = 0  # 0, 90, 180 or 270 degrees clockwise; the size stays, with black bars at 90 and 270
    zoom: float = 1.0  # 1..4; 1 shows the whole picture
    pan_x: float = 0.0  # -1..1: what is seen of a zoomed picture; -1 is its left edge, 0 its middle
    pan_y: float = 0.0  # -1..1: -1 is its top
    light: float = 0.0  # 0..1: how far shadows are lifted where the picture is dark; 0 leaves them
    overlay: str = "off"  # any of wipe, fps, kbps and gain, with commas, drawn into the picture; or off
    wipe: float = 0.5  # 0..1: where before ends and after begins
    card_title: str = ""  # of the card that is shown while the camera is off; empty: what it waits for
    card_text: str = ""  # a line below the title
    card_picture: str = ""  # a picture file, in the place of our card
    always_on: bool = False  # keep the webcam open though nobody watches the virtual camera
    preview_port: int = 0  # of the page on 127.0.0.1, 0..65535; 0: any free one
    camera: Controls = field(default_factory=dict)  # [camera."NAME"]: its V4L2 controls, set at each opening

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if not low <= value <= high:
                raise ConfigError(_say_range(key, value))
        _check_output(self.size)
        if self.provider not in PROVIDERS:
            found = _closest(self.provider, PROVIDERS)
            raise ConfigError(f"provider = {_short(self.provider)}{found}; expected {', '.join(PROVIDERS)}")
        if self.rotate not in ROTATIONS:
            raise ConfigError(
                f"rotate = {_short(self.rotate)} is not a quarter turn; expected 0, 90, 180 or 270"
            )
        for key in ("source", "sink", "link", "model", "overlay"):
            if not getattr(self, key):
                raise ConfigError(f"{key} is empty; leave it out for {_default(key)!r}")
        try:
            check_address(self.source)
        except SourceError as error:
            raise ConfigError(str(error)) from None
        for key in TEXTS:
            _check_text(key, getattr(self, key))
        _check_overlay(self.overlay)
        _check_controls(self.camera)


RANGES: dict[str, tuple[float, float]] = {
    "fps": (1, 60),
    "strength": (0, 1),
    "crispness": (0, 1),
    "denoise": (0, 1),
    "zoom": (1, 4),
    "pan_x": (-1, 1),
    "pan_y": (-1, 1),
    "light": (0, 1),
    "wipe": (0, 1),
    "threads": (0, 64),
    "preview_port": (0, 65535),
}
TEXTS = tuple(field.name for field in fields(Config) if field.type is str)
KEYS: dict[str, Any] = {field.name: field.type for field in fields(Config)}
_FILE: type[BaseModel] = create_model(  # type: ignore[call-overload]  # which knows no dict of fields
    "_FILE",
    __config__=ConfigDict(extra="forbid", strict=True),
    **{
        field.name: (field.type, {} if field.default is MISSING else field.default)
        for field in fields(Config)
    },
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
        return _replace_control(config, key, given)
    kind = KEYS[_check_key(key)]
    try:
        if kind is str or isinstance(given, str):
            given = str(given).strip()
            if kind is not str and len(given) > LONGEST_SHOWN:
                raise ValueError("far longer than any number")
        value = _SETTINGS[key].validate_python(given)
    except ValueError:  # pydantic's own error is one
        raise ConfigError(_say_kind(key, given)) from None
    return replace(config, **{key: value})


def split_control(key: str) -> tuple[str, str]:
    """The camera and the control of camera.NAME.CONTROL; a name may have points. Raises ConfigError."""
    name, _, control = key.removeprefix(CONTROL_PREFIX).rpartition(".")
    if not (name and control):
        raise ConfigError(f"{_short(key)} names no control; expected {CONTROL_PREFIX}NAME.CONTROL")
    return name, control


def _replace_control(config: Config, key: str, given: object) -> Config:
    """The configuration with one control changed; the word `default` leaves it to the camera again."""
    name, control = split_control(key)
    table = {known: value for known, value in config.camera.get(name, {}).items() if known != control}
    if given != "default":
        table[control] = given if isinstance(given, int | float) else _plain(str(given).strip())
    cameras = {known: value for known, value in config.camera.items() if known != name}
    return replace(config, camera={**cameras, name: table} if table else cameras)


def _plain(text: str) -> ControlValue:
    """A whole number or a switch as TOML has it; all else stays text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else text


def _read_table(table: Mapping[str, object]) -> Config:
    """A file's table as a Config. Raises ConfigError for the first value that cannot be used."""
    try:
        return Config(**_FILE.model_validate(table).model_dump())
    except ValidationError as error:
        mistake = error.errors(include_url=False)[0]
        key = _check_key(str(mistake["loc"][0]))
        is_huge = KEYS[key] is float and type(table[key]) is int  # beyond any float
        say = _say_range if is_huge else _say_kind
        raise ConfigError(say(key, table[key])) from None


def _check_key(key: str) -> str:
    if key not in KEYS:
        raise ConfigError(
            f"no setting {_short(key)}{_closest(key, KEYS)}; expected one of: {', '.join(KEYS)}"
        )
    return key


def _check_output(size: Size) -> None:
    try:
        check_size(size)
    except ValueError as error:
        raise ConfigError(f"size = {error}") from None
    if max(size) > max(LARGEST) or min(size) > min(LARGEST):
        raise ConfigError(f"size = {size[0]}x{size[1]} is too large; expected at most 1920x1080")


def _check_overlay(text: str) -> None:
    for part in () if text == "off" else (word.strip() for word in text.split(",")):
        if part not in OVERLAYS:
            found = _closest(part, OVERLAYS)
            raise ConfigError(
                f"overlay = {_short(part)}{found}; expected off, or any of: {', '.join(OVERLAYS)}"
            )


def _check_controls(cameras: Controls) -> None:
    """Bound what is kept; whether a camera has such a control is known when it is opened."""
    if len(cameras) > MOST_CAMERAS or any(len(table) > MOST_CONTROLS for table in cameras.values()):
        raise ConfigError(
            f"camera has too many tables or values; expected at most {MOST_CAMERAS} cameras with"
            f" {MOST_CONTROLS} controls each"
        )
    for name, table in cameras.items():
        for word in (name, *table, *(value for value in table.values() if isinstance(value, str))):
            if not word or len(word) > LONGEST_NAME:
                raise ConfigError(
                    f"camera: {_short(word)} is empty or too long; expected 1..{LONGEST_NAME} characters"
                )


def _check_text(key: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"{key} has {len(text)} characters; expected at most {LONGEST_TEXT}")


def _short(value: object) -> str:
    """A value as a message repeats it."""
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables in tables in tables
        return f"a huge {type(value).__name__}"
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def _closest(word: str, words: Mapping[str, object] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word[:LONGEST_SHOWN], list(words), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _default(key: str) -> object:
    return getattr(Config(), key)


def _example(key: str) -> str:
    default = _default(key)
    if isinstance(default, dict):
        return 'for example: [camera."HD Webcam"] and, in a line below, gain = 40'
    shown = "{}x{}".format(*default) if isinstance(default, tuple) else default
    return f"for example: {key} = {json.dumps(shown)}"


def _say_range(key: str, value: object) -> str:
    low, high = RANGES[key]
    return f"{key} = {_short(value)} is out of range; expected {low}..{high}"


def _say_kind(key: str, value: object) -> str:
    return f"{key} = {_short(value)} is not {_expected(KEYS[key])}; {_example(key)}"


def _expected(kind: Any) -> str:
    if kind == Controls:
        return "a table of controls by camera"
    names = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a size with even sides, as WIDTHxHEIGHT")
