"""Change settings of the running camera at once, until it stops; with --save for good.

examples:
  sharpkd set strength 0.5
  sharpkd set link 270p
  sharpkd set link off source "USB Camera" --save
"""

import argparse
import sys

from vcam.commands.options import as_sent, folder_told
from vcam.config import FIXED, KEYS, OTHER_NAMES, Config, as_written, load_config, replace_setting
from vcam.config_file import save_settings
from vcam.control.client import ControlClient
from vcam.errors import ConfigError, NotRunningError
from vcam.instance import holder
from vcam.paths import Paths, user_paths
from vcam.public import public_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("settings", nargs="+", metavar="KEY VALUE", help=f"KEY is one of: {', '.join(KEYS)}")
    parser.add_argument("--save", action="store_true", help="write it into the configuration file, too")


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    settings = read_pairs(args.settings)
    with folder_told(settings.get("source", "")):
        warnings = _save(paths, settings) if args.save else send(paths, settings)
    later = find_later(paths, settings) if args.save else frozenset[str]()
    notes = dict.fromkeys(later, " (from the next sharpkd restart)")
    print(public_text(", ".join(f"{key} = {value}{notes.get(key, '')}" for key, value in settings.items())))
    for warning in warnings:
        print(f"warning: {public_text(warning)}", file=sys.stderr)
    return 0


def send(paths: Paths, settings: dict[str, str]) -> list[str]:
    """Change settings of the running camera; returns what it says of devices that are not there yet."""
    status = ControlClient(paths.socket).command(set=settings)
    return [text for text in status["warnings"] if text.startswith(tuple(f"{key}: " for key in settings))]


def find_later(paths: Paths, settings: dict[str, str]) -> frozenset[str]:
    """Which of these settings the camera that runs has otherwise, until it is started again."""
    fixed = {key: value for key, value in settings.items() if key in FIXED}
    if not fixed or holder(*paths.locks) is None:
        return frozenset()
    try:
        facts = ControlClient(paths.socket).facts("settings")
    except NotRunningError:  # it is starting or ending: what it has read is not known
        return frozenset(fixed)
    now = {one["name"]: one["value"] for one in facts["settings"]}
    wanted = {key: getattr(replace_setting(Config(), key, value), key) for key, value in fixed.items()}
    return frozenset(key for key, value in wanted.items() if as_written(value) != now[key])


def read_pairs(words: list[str]) -> dict[str, str]:
    """Pair keys with values, and check both. Raises ConfigError."""
    if len(words) % 2:
        raise ConfigError(f"{words[-1]!r} has no value; expected KEY VALUE, for example: strength 0.5")
    pairs = zip(words[::2], words[1::2], strict=True)
    settings = {OTHER_NAMES.get(key, key): as_sent(key, value) for key, value in pairs}
    for key, value in settings.items():
        replace_setting(Config(), key, value)
    return settings


def _save(paths: Paths, settings: dict[str, str]) -> list[str]:
    """Write the file; what a running daemon can take over, it takes over. Returns warnings, as `send`."""
    from vcam.camera.existence import check_existence, find_surroundings  # loads much of the camera
    from vcam.camera.last_device import LastDevice

    saved = config = load_config(paths.config)
    for key, value in settings.items():
        config = replace_setting(config, key, value)
    warnings = check_existence(config, settings, find_surroundings(LastDevice(paths.last_camera), saved))
    live = {key: value for key, value in settings.items() if key not in FIXED}
    if live and holder(*paths.locks) is not None:
        send(paths, live)
    save_settings(paths.config, config, settings)
    return list(warnings)
