"""Print the script that completes commands, options, settings and their values in a shell.

examples:
  eval "$(sharpkd completion bash)"             in ~/.bashrc; `sharpkd install` does without that line
  eval "$(sharpkd completion zsh)"              in ~/.zshrc
  sharpkd completion fish | source              in ~/.config/fish/config.fish
"""

import argparse
from pathlib import Path

from vcam.errors import ModelError
from vcam.manifest import read_manifest, weights_folder
from vcam.parser import Parser
from vcam.shell.completion import SCRIPTS
from vcam.shell.words import list_commands, setting_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(SCRIPTS))


def run(args: argparse.Namespace) -> int:
    print(make_script(args.shell, args.make_parser()), end="")
    return 0


def make_script(shell: str, parser: Parser, weights: Path | None = None) -> str:
    """The script for a shell.

    weights  folder of the models whose names are completed; None for the shipped one
    """
    try:
        models = tuple(read_manifest(weights or weights_folder()))
    except ModelError:  # the rest can be completed all the same
        models = ()
    settings = setting_words(models)
    return SCRIPTS[shell](list_commands(parser, settings), parser.options(), settings)
