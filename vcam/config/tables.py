"""[camera."NAME"]: the controls that the user wants a camera to have."""

import re
from typing import TypeAlias

from vcam.config.messages import short
from vcam.errors import ConfigError

MOST_CAMERAS, MOST_CONTROLS = 32, 64  # tables, and values in one
LONGEST_NAME = 100  # of a camera, a control or its value in words
CONTROL_PREFIX = "camera."  # of a key that means one control of one camera

ControlValue: TypeAlias = str | int | float | bool
Controls: TypeAlias = dict[str, dict[str, ControlValue]]  # by camera, then by control


def split_control(key: str) -> tuple[str, str]:
    """The camera and the control of camera.NAME.CONTROL; a name may have points. Raises ConfigError."""
    name, _, control = key.removeprefix(CONTROL_PREFIX).rpartition(".")
    if not (name and control):
        raise ConfigError(f"{short(key)} names no control; expected {CONTROL_PREFIX}NAME.CONTROL")
    return name, control


def replace_control(cameras: Controls, key: str, given: object) -> Controls:
    """The controls with one changed; the word `default` leaves it to the camera again. Raises ConfigError."""
    name, control = split_control(key)
    table = {known: value for known, value in cameras.get(name, {}).items() if known != control}
    if given != "default":
        table[control] = given if isinstance(given, int | float) else _plain(str(given).strip())
    others = {known: value for known, value in cameras.items() if known != name}
    return {**others, name: table} if table else others


def list_controls(cameras: Controls) -> dict[str, ControlValue]:
    """All controls by the keys that mean them."""
    return {
        f"{CONTROL_PREFIX}{name}.{control}": value
        for name, table in cameras.items()
        for control, value in table.items()
    }


def check_controls(cameras: Controls) -> None:
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
                    f"camera: {short(word)} is empty or too long; expected 1..{LONGEST_NAME} characters"
                )


def _plain(text: str) -> ControlValue:
    """A whole number or a switch as TOML has it; all else stays text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else text
