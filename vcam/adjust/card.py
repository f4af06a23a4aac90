"""The user's own card, in the place of ours: words, a picture, or both."""

from pathlib import Path

from vcam.adjust.overlay import write
from vcam.errors import ConfigError, SourceError
from vcam.frame import Frame, Size, crop_to_aspect, resize
from vcam.placeholder import placeholder
from vcam.public import printable
from vcam.regular import stat_of, within
from vcam.sources.file import FileSource

LARGEST_FILE = 16 * 2**20  # bytes
LARGEST_SIDE = 4096  # pixels; a picture is decoded whole
PATIENCE_S = 5.0


def draw_card(size: Size, title: str, text: str, picture: Frame | None = None) -> Frame:
    """The card with these words; over a picture, if there is one, they stand at its lower left."""
    if picture is None:
        return placeholder(size, printable(title), printable(text))
    ground = resize(crop_to_aspect(picture, size), size)
    return write(ground, [printable(line) for line in (title, text) if line])


def read_picture(path: Path) -> Frame:
    """A picture file, or the first picture of a video. Raises ConfigError if it cannot be one of a card."""
    try:
        return within(PATIENCE_S, str(path), lambda: _read(path))
    except SourceError as error:
        raise ConfigError(f"card_picture: {error}") from None
    except OSError as error:
        raise ConfigError(f"card_picture: {path} cannot be read ({error.strerror}); name another") from None


def _read(path: Path) -> Frame:
    if stat_of(path).st_size > LARGEST_FILE:
        raise ConfigError(f"card_picture: {path} is larger than {LARGEST_FILE >> 20} MiB; name a smaller one")
    with FileSource(path, realtime=False) as source:
        if max(source.size) > LARGEST_SIDE:
            found = "{}x{}".format(*source.size)
            raise ConfigError(
                f"card_picture: {path} is {found}, expected sides of at most {LARGEST_SIDE} pixels"
            )
        return next(source)
