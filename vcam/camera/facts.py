"""What clients can read of a camera beside its status."""

from dataclasses import asdict

from vcam.config import SETTINGS, Config, as_written
from vcam.config_file import SavedSettings
from vcam.errors import ConfigError
from vcam.public import public_text


def list_settings(config: Config, saved: SavedSettings | None) -> dict[str, object]:
    """All settings with value, default, range, help, and what is saved; `fault` says why that is not known.

    Addresses are without their passwords. `file` is a path: for the user's own eyes.
    """
    kept, fault = None, ""
    try:
        kept = saved.last() if saved else None
    except ConfigError as error:
        fault = str(error)
    unsaved = find_unsaved(config, saved)
    return {
        "settings": [
            {
                **asdict(one),
                "value": _shown(config, one.name),
                "saved": None if kept is None else _shown(kept, one.name),
                "is_unsaved": one.name in unsaved,
            }
            for one in SETTINGS
        ],
        "file": str(saved.path) if saved else "",
        "fault": fault,
    }


def find_unsaved(config: Config, saved: SavedSettings | None) -> tuple[str, ...]:
    """Names of the settings that wait to be saved; none while that cannot be known."""
    try:
        return saved.unsaved(config) if saved else ()
    except ConfigError:
        return ()


def _shown(config: Config, name: str) -> object:
    value = as_written(getattr(config, name))
    return public_text(value) if isinstance(value, str) else value
