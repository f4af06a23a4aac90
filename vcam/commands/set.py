"""Change settings of the running camera at once, until it stops; with --save for good.

examples:
  sharpkd set strength 0.5
  sharpkd set link 270p
  sharpkd set link off source "USB Camera" --save
"""

import argparse

from vcam.config import FIXED, KEYS, Config, load_config, replace_setting
from vcam.config_file import save_settings
from vcam.control.client import ControlClient
from vcam.errors import ConfigError
from vcam.instance import holder
from vcam.paths import Paths, user_paths
from vcam.public import public_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("settings", nargs="+", metavar="KEY VALUE", help=f"KEY is one of: {', '.join(KEYS)}")
    parser.add_argument("--save", action="store_true", help="write it into the configuration file, too")


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    settings = read_pairs(args.settings)
    if not args.save:
        ControlClient(paths.socket).command(set=settings)
    else:
        _save(paths, settings)
    print(public_text(", ".join(f"{key} = {value}" for key, value in settings.items())))
    return 0


def read_pairs(words: list[str]) -> dict[str, str]:
    """Pair keys with values, and check both. Raises ConfigError."""
    if len(words) % 2:
        raise ConfigError(f"{words[-1]!r} has no value; expected KEY VALUE, for example: strength 0.5")
    settings = dict(zip(words[::2], words[1::2], strict=True))
    for key, value in settings.items():
        replace_setting(Config(), key, value)
    return settings


def _save(paths: Paths, settings: dict[str, str]) -> None:
    """Write the file; what a running daemon can take over, it takes over."""
    config = load_config(paths.config)
    for key, value in settings.items():
        config = replace_setting(config, key, value)
    live = {key: value for key, value in settings.items() if key not in FIXED}
    if live and holder(*paths.locks) is not None:
        ControlClient(paths.socket).command(set=live)
    save_settings(paths.config, config, settings)
