"""The text of a configuration file with some of its values changed; all else stays as the user wrote it."""

from collections.abc import Iterable

import tomlkit
from tomlkit.exceptions import TOMLKitError

from vcam.config import CONTROL_PREFIX, OTHER_NAMES, Config, as_written, split_control

PRESET_PREFIX = "preset."  # of a key that means one preset


def edit(text: str, config: Config, keys: Iterable[str]) -> str:
    """The text with these values of `config` in it; comments and unknown lines stay.

    keys  settings, `camera.NAME.CONTROL` and `preset.NAME`

    Raises ValueError if the text is not valid TOML.
    """
    try:
        document = tomlkit.parse(text)
        for key in keys:
            _put(document, config, key)
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ValueError(str(error)) from None


def _put(document: tomlkit.TOMLDocument, config: Config, key: str) -> None:
    if key.startswith(CONTROL_PREFIX):
        _put_control(document, config, *split_control(key))
    elif key.startswith(PRESET_PREFIX):
        _put_preset(document, config, key.removeprefix(PRESET_PREFIX))
    else:
        for other in (name for name, means in OTHER_NAMES.items() if means == key):
            document.pop(other, None)
        document[key] = as_written(getattr(config, key))


def _put_control(document: tomlkit.TOMLDocument, config: Config, name: str, control: str) -> None:
    """Write one control of one camera, or take it out where the configuration has it no more."""
    value = config.camera.get(name, {}).get(control)
    if value is not None:
        cameras = document.setdefault("camera", tomlkit.table(is_super_table=True))
        cameras.setdefault(name, tomlkit.table())[control] = value
    elif control in document.get("camera", {}).get(name, {}):
        del document["camera"][name][control]


def _put_preset(document: tomlkit.TOMLDocument, config: Config, name: str) -> None:
    """Write one preset, or take it out where the configuration has it no more."""
    preset = config.preset.get(name)
    if preset is not None:
        document.setdefault("preset", tomlkit.table(is_super_table=True))[name] = preset
    elif name in document.get("preset", {}):
        del document["preset"][name]
