"""Options that several commands share, and the Config they make."""

import argparse
import os.path
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vcam.address import file_url, is_utf8
from vcam.config import KEYS, Config, load_config, replace_setting
from vcam.config.messages import short
from vcam.errors import ConfigError, SourceError, VcamError
from vcam.paths import user_paths

PATHS = {"source": os.path.isfile, "weights": os.path.isdir, "card_picture": os.path.isfile}
WORDS = ("auto", "sample", "sample-still", "pattern", "screen")  # sources, whatever files lie here


def named_path(text: str) -> Path:
    """A path of the command line. Raises ArgumentTypeError if it is empty: to Path that is this folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; name a file or a folder, . for this one")
    return Path(text)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strength", metavar="S", help="of the restoration, 0..1; default: 1")
    parser.add_argument("--crispness", metavar="C", help="0..1: faithful to crisp; default: 0")
    parser.add_argument("--denoise", metavar="D", help="over time, 0..1; 0 looks at single frames")
    parser.add_argument("--model", metavar="M", help="a name from weights/manifest.json; default: auto")
    parser.add_argument(
        *("--provider", "--engine"),
        metavar="P",
        help="auto, cpu, cuda, tensorrt, openvino, ...; default: auto",
    )
    parser.add_argument(
        "--threads", metavar="N", help="of the model on the CPU; default: one a core, at most 4"
    )
    parser.add_argument("--cpu", metavar="E", help="quiet, balanced or best: what the model may take of it")
    parser.add_argument("--weights", metavar="DIR", help="folder of manifest.json; default: the shipped one")
    parser.add_argument(
        "--require-gpu", action="store_true", help="end with an error rather than use the CPU"
    )


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """The settings of a camera, for `run` and `start`: what is given wins over the configuration file."""
    parser.add_argument("--source", metavar="S", help="camera, file, URL, sample or pattern; default: auto")
    parser.add_argument(
        "--sink", metavar="K", help="virtual, pipewire, preview, null, .mp4 or .mkv; default: auto"
    )
    parser.add_argument("--size", metavar="WxH", help="of the output, up to 1920x1080; default: 1280x720")
    parser.add_argument("--fps", metavar="F", help="of the output, 1..60; default: 30")
    parser.add_argument(
        "--link", metavar="L", help="simulate a link: 360p, 270p,loss=0.02, ...; default: off"
    )
    parser.add_argument("--always-on", action="store_true", help="keep the webcam open though nobody watches")
    parser.add_argument("--preview-port", metavar="N", help="of the page; default: any free one")
    add_model_options(parser)


def given_settings(args: argparse.Namespace) -> dict[str, str]:
    """The settings that options name, as a person types them. Raises ConfigError for a wrong value."""
    overrule(Config(), vars(args))
    given = ((key, vars(args).get(key)) for key in KEYS)
    texts = {key: str(value) for key, value in given if value is not None and value is not False}
    return {key: as_sent(key, text) for key, text in texts.items()}


def as_sent(key: str, value: str) -> str:
    """The value as a camera elsewhere takes it: of a file or folder of here, the whole path.

    Raises ConfigError if it is not UTF-8, as what is sent and saved has to be. A source is then sent as an
    address, which says every name in ASCII.
    """
    path = os.path.expanduser(value)
    is_path = key in PATHS and PATHS[key](path) and value not in WORDS
    sent = os.path.abspath(path) if is_path else value
    if is_utf8(sent):
        return sent
    if is_path and key == "source":
        return file_url(sent)
    raise ConfigError(f"{key} = {short(value)} is not valid UTF-8; rename it, or name something else")


@contextmanager
def folder_told(source: str) -> Iterator[None]:
    """Say of a source that cannot be used that it is a folder here, which a camera elsewhere cannot know.

    A camera may be called as a folder is, so that this alone is not an error.
    """
    try:
        yield
    except VcamError as error:
        if error.exit_code == SourceError.exit_code and os.path.isdir(source):
            raise SourceError(f"{source} is a folder, expected a file, a camera or an address") from error
        raise


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
