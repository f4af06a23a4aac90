"""Options that several commands share, and the Config they make."""

import argparse
from collections.abc import Mapping

from vcam.config import Config, load_config, replace_setting
from vcam.errors import ConfigError
from vcam.paths import user_paths


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strength", metavar="S", help="of the restoration, 0..1; default: 1")
    parser.add_argument("--crispness", metavar="C", help="0..1: faithful to crisp; default: 0")
    parser.add_argument("--denoise", metavar="D", help="over time, 0..1; 0 looks at single frames")
    parser.add_argument("--model", metavar="M", help="a name from weights/manifest.json; default: auto")
    parser.add_argument("--provider", metavar="P", help="auto, cpu, cuda or tensorrt; default: auto")
    parser.add_argument(
        "--threads", metavar="N", help="of the model on the CPU; default: one a core, at most 4"
    )
    parser.add_argument("--weights", metavar="DIR", help="folder of manifest.json; default: the shipped one")
    parser.add_argument(
        "--require-gpu", action="store_true", help="end with an error rather than use the CPU"
    )


def read_config(args: argparse.Namespace) -> Config:
    """The user's configuration file, overruled by the options that were given. Raises ConfigError."""
    return overrule(load_config(user_paths().config), vars(args))


def overrule(config: Config, options: Mapping[str, object]) -> Config:
    """Change every setting that an option names; options that were not given are None or False."""
    for key in vars(config):
        value = options.get(key)
        if value is not None and value is not False:
            config = _replace_option(config, key, str(value))
    return config


def _replace_option(config: Config, key: str, text: str) -> Config:
    try:
        return replace_setting(config, key, text)
    except ConfigError as error:
        raise ConfigError(f"--{key.replace('_', '-')}: {error}") from None
