"""The settings: `settings` says what there is, `reading` how it is read, `facts` how it is listed."""

from vcam.config.facts import SETTINGS, Setting, list_changes
from vcam.config.messages import as_written
from vcam.config.reading import LARGEST_FILE, check_key, load_config, replace_setting, replace_settings
from vcam.config.settings import FIXED, KEYS, LARGEST, LONGEST_TEXT, Config
from vcam.config.tables import CONTROL_PREFIX, ControlValue, split_control

__all__ = [
    "CONTROL_PREFIX",
    "FIXED",
    "KEYS",
    "LARGEST",
    "LARGEST_FILE",
    "LONGEST_TEXT",
    "SETTINGS",
    "Config",
    "ControlValue",
    "Setting",
    "as_written",
    "check_key",
    "list_changes",
    "load_config",
    "replace_setting",
    "replace_settings",
    "split_control",
]
