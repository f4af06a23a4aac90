"""Standard input, output and error as a command finds them: closed, full, or of few characters."""

import io
import os
import sys
from contextlib import suppress
from typing import IO

NAMES = ("stdin", "stdout", "stderr")  # by their descriptors


def open_closed_streams() -> None:
    """Have every stream take what is written to it: a closed one drops it, and no character is an error.

    The descriptor of a closed stream would be the next file's, and what a library prints would go into that.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < len(NAMES):
        os.set_inheritable(descriptor, True)  # for the programs that are started from here, too
    os.close(descriptor)
    for descriptor, name in enumerate(NAMES):
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w" if descriptor else "r", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr is from the start


def find_fault(stream: IO[str]) -> OSError | None:
    """Why nothing can be written to a stream; None if something can, which is then an empty line.

    For an error whose origin is not known: `print` raises the same OSError as a file that a command writes.
    """
    try:
        stream.write("\n")
        stream.flush()
    except OSError as error:
        return error
    return None


def drop_output(stream: IO[str]) -> None:
    """Have a stream that cannot be written drop what it holds, else Python fails at its end."""
    with suppress(OSError, ValueError):
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, stream.fileno())
        os.close(void)
