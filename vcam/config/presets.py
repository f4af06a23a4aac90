"""[preset."NAME"]: settings of the picture under a name, and the camera that they are for."""

from typing import TypeAlias

from vcam.config.messages import short
from vcam.config.tables import ControlValue
from vcam.errors import ConfigError
from vcam.spelling import closest

PRESET_KEYS = (
    *("strength", "crispness", "denoise", "mirror", "flip", "rotate"),
    *("zoom", "pan_x", "pan_y", "light", "overlay", "wipe"),
)
CAMERA = "camera"  # in a preset: applied when a camera that this name means is opened
MOST_PRESETS = 32
LONGEST_PRESET_NAME = 60

Presets: TypeAlias = dict[str, dict[str, ControlValue]]  # by name, then by setting


def check_presets(presets: Presets) -> None:
    """Raise ConfigError for a name or a key that cannot be; values are for who reads them to check."""
    if len(presets) > MOST_PRESETS:
        raise ConfigError(f"there are {len(presets)} presets; expected at most {MOST_PRESETS}: delete some")
    for name, table in presets.items():
        if not name.strip() or len(name) > LONGEST_PRESET_NAME or not name.isprintable():
            raise ConfigError(
                f"preset {short(name)} is not a name; expected 1..{LONGEST_PRESET_NAME} visible characters"
            )
        for key, value in table.items():
            if key != CAMERA and key not in PRESET_KEYS:
                raise ConfigError(
                    f"preset {short(name)} has no setting {short(key)}{closest(key, PRESET_KEYS)};"
                    f" expected some of: {', '.join((*PRESET_KEYS, CAMERA))}"
                )
            if key == CAMERA and not (isinstance(value, str) and len(value) <= 100):
                raise ConfigError(f"preset {short(name)}: camera = {short(value)} is not a camera's name")


def find_preset(presets: Presets, name: str) -> dict[str, ControlValue]:
    """A preset's table. Raises ConfigError if there is none of that name."""
    if name not in presets:
        known = f"expected one of: {', '.join(presets)}" if presets else "none is saved yet"
        raise ConfigError(f"no preset {short(name)}{closest(name, presets)}; {known}")
    return presets[name]


def settings_of(preset: dict[str, ControlValue]) -> dict[str, object]:
    """What a preset sets."""
    return {key: value for key, value in preset.items() if key != CAMERA}
