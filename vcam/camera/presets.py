"""Presets: what a running camera saves, uses and tells of them."""

from dataclasses import replace

from vcam.config import CAMERA, PRESET_KEYS, Config, find_preset, replace_settings, settings_of
from vcam.config_file import SavedSettings
from vcam.control.status import PresetChange
from vcam.sources import CaptureDevice
from vcam.sources.devices import is_meant


def change_preset(config: Config, change: PresetChange, saved: SavedSettings) -> Config:
    """The configuration with a preset saved, used or deleted; the file has what is to stay.

    Raises ConfigError if there is no such preset, or if its name or the file cannot be used.
    """
    if change.use is not None:
        return use_preset(config, change.use)
    if change.save is not None:
        return _save(config, change.save, change.camera, saved)
    name = change.delete or ""
    find_preset(config.preset, name)
    left = {known: table for known, table in config.preset.items() if known != name}
    new = replace(config, preset=left)
    saved.save_preset(new, name)
    return new


def use_preset(config: Config, name: str) -> Config:
    """The configuration with a preset's settings. Raises ConfigError."""
    return replace_settings(config, settings_of(find_preset(config.preset, name)))


def preset_for(config: Config, camera: CaptureDevice) -> str:
    """The first preset that is for this camera; empty if none is."""
    for name, table in config.preset.items():
        wanted = table.get(CAMERA)
        if isinstance(wanted, str) and wanted and is_meant(camera, wanted):
            return name
    return ""


def list_presets(config: Config) -> dict[str, object]:
    """All presets with their settings, for programs; `is_used`: the picture is as it says."""
    return {
        "presets": [
            {
                "name": name,
                "camera": table.get(CAMERA, ""),
                "settings": settings_of(table),
                "is_used": all(getattr(config, key) == value for key, value in settings_of(table).items()),
            }
            for name, table in config.preset.items()
        ]
    }


def _save(config: Config, name: str, camera: str | None, saved: SavedSettings) -> Config:
    """Save the picture as it is; without a camera it is for the one that it was for."""
    table = {key: getattr(config, key) for key in PRESET_KEYS}
    wanted = config.preset.get(name, {}).get(CAMERA) if camera is None else camera
    if wanted:
        table[CAMERA] = wanted
    new = replace(config, preset={**config.preset, name: table})
    saved.save_preset(new, name)
    return new
