"""Errors the user can act on. Each message says what, found, expected and the remedy, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERRUPTED = 130  # exit code of a command that Ctrl-C has ended


class VcamError(Exception):
    """Something the user can fix; `cli.main` prints the message and exits with `exit_code`."""

    exit_code = 1


class ConfigError(VcamError):
    """A value in the configuration or on the command line cannot be used."""

    exit_code = 2


class NotRunningError(VcamError):
    """No daemon answers on the control socket."""

    exit_code = 3


class SourceError(VcamError):
    """A camera, file or stream cannot be opened, or stopped delivering frames."""

    exit_code = 4


class SenderAwaitedError(SourceError):
    """Nobody sends yet: the source is open to whoever will, and asking again disturbs no device."""


class SinkError(VcamError):
    """A virtual camera or an output file cannot be opened or written."""

    exit_code = 5


class ModelError(VcamError):
    """A model or its manifest is missing, corrupt or not what the manifest promises."""

    exit_code = 6


class LinkError(VcamError):
    """The simulated link cannot be built or its codec failed."""

    exit_code = 7


class AlreadyRunningError(VcamError):
    """Another daemon of this user holds the lock."""

    exit_code = 8


def as_source_error(error: Exception, name: str) -> SourceError:
    """A sentence for what no source was known to raise; raise it from `error`, which is for the log.

    It says only what kind of error it is: its text may quote an address with its password.
    """
    kind = type(error).__name__
    return SourceError(f"{name} cannot be used, it fails in an unexpected way ({kind}): try another source")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file before what a SourceError or a ConfigError says, which does not know the file."""
    try:
        yield
    except (SourceError, ConfigError) as error:
        raise type(error)(f"{path}: {error}") from None
