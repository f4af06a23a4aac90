"""The words that can stand at each place of a command line, read from the parser."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vcam.config import OVERLAYS, SETTINGS
from vcam.link import PROFILES
from vcam.sinks import SINKS

Words = tuple[str, ...]

SOURCES = ("auto", "sample", "sample-still", "pattern", "screen")
BOOLS = ("true", "false")


@dataclass(frozen=True)
class Option:
    """One option of a command.

    spellings  as --sink
    metavar    of its value; empty for a switch
    words      that its value may be; none: a file, a number or any text
    """

    spellings: Words
    metavar: str
    words: Words
    help: str


@dataclass(frozen=True)
class Command:
    """One command.

    words      that can stand in the place of its arguments
    takes_any  its arguments are files or other text
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    words: Words
    takes_any: bool


def setting_words(models: Words) -> dict[str, Words]:
    """What each setting may be; nothing of those that take numbers or any text."""
    known: dict[str, Words] = {
        one.name: tuple(map(str, one.choices)) if one.choices else BOOLS if one.kind == "bool" else ()
        for one in SETTINGS
    }
    return {
        **known,
        "source": SOURCES,
        "sink": SINKS,
        "link": ("off", *PROFILES),
        "model": ("auto", *models),
        "overlay": ("off", *OVERLAYS),
    }


def list_commands(parser: argparse.ArgumentParser, settings: Mapping[str, Words]) -> list[Command]:
    """All commands of a whole parser.

    settings  what each setting may be
    """
    (found,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    summaries = {one.dest: one.help or "" for one in found._choices_actions}
    return [_read_command(name, summaries[name], one, settings) for name, one in found.choices.items()]


def list_options(parser: argparse.ArgumentParser, settings: Mapping[str, Words]) -> Iterator[Option]:
    """All options of one parser, --help too."""
    for action in parser._actions:
        if action.option_strings:
            metavar = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
            words = tuple(map(str, action.choices or ())) or settings.get(action.dest, ())
            help = (action.help or "") % {"default": action.default, "prog": parser.prog}
            yield Option(tuple(action.option_strings), metavar, words if metavar else (), help)


def _read_command(
    name: str, summary: str, parser: argparse.ArgumentParser, settings: Mapping[str, Words]
) -> Command:
    arguments = [action for action in parser._actions if not action.option_strings]
    words = [str(word) for action in arguments for word in action.choices or ()]
    if name in ("set", "config"):
        words += settings
    options = tuple(list_options(parser, settings))
    return Command(name, summary, options, tuple(words), takes_any=bool(arguments) and not words)
