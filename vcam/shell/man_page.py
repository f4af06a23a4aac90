"""The program's page of the manual, in roff, made from its parser."""

import argparse
from collections.abc import Iterator, Sequence

from vcam.config import SETTINGS, Setting
from vcam.shell.words import Option, list_options

FILES = {
    "~/.config/sharpkd/config.toml": "the settings",
    "~/.local/state/sharpkd/daemon.log": "what the camera in the background says; sharpkd logs",
}


def man_page(parser: argparse.ArgumentParser, version: str) -> str:
    """The page of a whole parser."""
    (found,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    lines = [
        f'.TH SHARPKD 1 "" "SharpKD Camera {_escape(version)}" "User Commands"',
        *(".SH NAME", rf"sharpkd \- {_escape(_first_lower(parser.description or ''))}"),
        *(".SH SYNOPSIS", r".B sharpkd", _escape("COMMAND [--help] ...")),
        *(".SH OPTIONS", *_write_options(list_options(parser, {}))),
        ".SH COMMANDS",
    ]
    for name, command in found.choices.items():
        usage = " ".join(command.format_usage().removeprefix("usage: ").split())
        lines += [f".SS {_escape(name)}", _escape(usage), *_write_text(command.description or "")]
        lines += _write_options(list_options(command, {}))
    lines += [".SH SETTINGS", "Keys of sharpkd set and of the configuration file."]
    for setting in SETTINGS:
        lines += [".TP", rf"\fB{_escape(setting.name)}\fR", _escape(_say(setting))]
    lines += [".SH EXAMPLES AND EXIT STATUS", *_write_block(parser.epilog or ""), ".SH FILES"]
    for path, text in FILES.items():
        lines += [".TP", rf"\fI{_escape(path)}\fR", _escape(text)]
    return "\n".join(lines) + "\n"


def _write_options(options: Iterator[Option]) -> list[str]:
    lines = []
    for option in options:
        names = ", ".join(rf"\fB{_escape(spelling)}\fR" for spelling in option.spellings)
        value = rf" \fI{_escape(option.metavar)}\fR" if option.metavar else ""
        lines += [".TP", names + value, _escape(" ".join(option.help.split()))]
    return lines


def _write_text(text: str) -> Iterator[str]:
    """Paragraphs; those with columns in them, as examples have, stay as they are."""
    for paragraph in text.strip().split("\n\n"):
        yield ".PP"
        if "\n  " in paragraph or "   " in paragraph:
            yield from _write_block(paragraph)
        else:
            yield _escape(" ".join(paragraph.split()))


def _write_block(text: str) -> Sequence[str]:
    return [".nf", *(_escape(line) if line else ".sp" for line in text.strip("\n").splitlines()), ".fi"]


def _say(setting: Setting) -> str:
    low_high, choices = setting.range, setting.choices
    expected = "{}..{}".format(*low_high) if low_high else ", ".join(map(str, choices or [setting.kind]))
    restart = " It changes with the next restart." if setting.needs == "restart" else ""
    default = str(setting.default) if setting.default != "" else "empty"
    return f"{setting.help} Default: {default}. Expected: {expected}.{restart}"


def _first_lower(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")


def _escape(text: str) -> str:
    """A line of text that roff takes for nothing else."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
