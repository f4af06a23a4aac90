"""The settings: `settings` says what there is, `reading` how it is read, `facts` how it is listed."""

from vcam.config.facts import SETTINGS, Setting, list_changes
from vcam.config.messages import as_written
from vcam.config.presets import CAMERA, PRESET_KEYS, Presets, find_preset, settings_of
from vcam.config.reading import LARGEST_FILE, check_key, load_config, replace_setting, replace_settings
from vcam.config.settings import FIXED, KEYS, LARGEST, LONGEST_TEXT, OTHER_NAMES, OVERLAYS, Config
from vcam.config.tables import CONTROL_PREFIX, ControlValue, split_control

__all__ = [
    "CAMERA",
    "CONTROL_PREFIX",
    "FIXED",
    "KEYS",
    "LARGEST",
    "LARGEST_FILE",
    "LONGEST_TEXT",
    "OTHER_NAMES",
    "OVERLAYS",
    "PRESET_KEYS",
    "SETTINGS",
    "Config",
    "ControlValue",
    "Presets",
    "Setting",
    "as_written",
    "check_key",
    "find_preset",
    "list_changes",
    "load_config",
    "replace_setting",
    "replace_settings",
    "settings_of",
    "split_control",
]
