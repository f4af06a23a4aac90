"""Commands as a person's shell takes them."""

import re
import shlex
import sys

PLAIN = re.compile(r"[\w@+=:./\\-]+")  # to Windows' cmd


def join(*words: str, platform: str = sys.platform) -> str:
    """The words of a command on one line, quoted for sh, or on "win32" for cmd."""
    if platform != "win32":
        return shlex.join(words)
    return " ".join(word if PLAIN.fullmatch(word) else f'"{word}"' for word in words)
