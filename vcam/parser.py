"""argparse with a suggestion wherever a word is not known: a command, an option, one of several choices."""

import argparse
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from vcam.spelling import closest


class Parser(argparse.ArgumentParser):
    """A parser whose errors name the word that may have been meant; its subparsers do, too."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Read the words. An option that is not known ends the program here, where the known ones are."""
        found, rest = super().parse_known_args(args, namespace)
        for word in rest:
            if word.startswith("-"):
                self._refuse(word)
        return found, rest

    def options(self) -> list[str]:
        """All options, each by all of its spellings."""
        return list(self._option_string_actions)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help, without argparse's silence where that cannot be written. Raises OSError."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def _refuse(self, word: str) -> NoReturn:
        name = word.partition("=")[0]
        self.error(f"no option {name}{closest(name, self.options())}; for all of them: {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices: Iterable[str] = list(map(str, action.choices))
        found = closest(str(value), choices)
        raise argparse.ArgumentError(action, f"no {value!r}{found}; expected one of: {', '.join(choices)}")
