"""Of what size a restored file is, where nobody has named exactly that."""

from fractions import Fraction

from vcam.errors import ConfigError
from vcam.frame import MIN_SIDE, Size, parse_size
from vcam.restore.restorer import MAX_OUTPUT

FITS = ("contain", "cover", "pad")


def fit_size(source: Size, size: str | None, scale: float | None, fit: str) -> Size:
    """The size to restore to, (width, height).

    size   WxH as it was asked for: the picture fits inside, or fills it where fit is "cover"
    scale  times the source's sides; with neither, twice them, at most 1920x1080 either way up

    Raises ConfigError if both are given, or the result is too large.
    """
    if size is not None and scale is not None:
        raise ConfigError("--scale and --size both say how large: leave one out")
    if scale is not None:
        return _scaled(source, scale)
    if size is None:
        return double(source)
    try:
        box = parse_size(size)
    except ValueError as error:
        raise ConfigError(f"--size: {error}") from None
    return box if fit == "cover" else inside(source, box)


def inside(size: Size, box: Size) -> Size:
    """The largest even (width, height) of the size's shape within a box."""
    factor = min(Fraction(box[0], size[0]), Fraction(box[1], size[1]))
    width, height = (max(MIN_SIDE, 2 * round(side * factor / 2)) for side in size)
    return min(width, box[0]), min(height, box[1])


def double(size: Size) -> Size:
    """Twice the size with its aspect ratio, even, at most 1920x1080 either way up."""
    long, short = max(size), min(size)
    scale = min(Fraction(2), Fraction(max(MAX_OUTPUT), long), Fraction(min(MAX_OUTPUT), short))
    width, height = (max(MIN_SIDE, int(side * scale) & ~1) for side in size)
    return width, height


def _scaled(size: Size, scale: float) -> Size:
    if not scale > 0:
        raise ConfigError(f"--scale: {scale:g} is not above 0")
    width, height = (2 * round(side * scale / 2) for side in size)
    if min(width, height) < MIN_SIDE:
        raise ConfigError(
            f"--scale {scale:g} makes {width}x{height} of {size[0]}x{size[1]}; expected sides of {MIN_SIDE}"
            " or more: give a larger scale"
        )
    if max(width, height) > max(MAX_OUTPUT) or min(width, height) > min(MAX_OUTPUT):
        most = min(max(MAX_OUTPUT) / max(size), min(MAX_OUTPUT) / min(size))
        found = f"{size[0]}x{size[1]} would become {width}x{height}, expected at most 1920x1080"
        raise ConfigError(f"--scale: {found}; use at most --scale {int(most * 100) / 100:g}")
    return width, height
