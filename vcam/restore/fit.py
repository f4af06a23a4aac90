"""Of what size a restored file is, where nobody has named exactly that."""

import math
from fractions import Fraction
from operator import index

from vcam.errors import ConfigError
from vcam.frame import MAX_OUTPUT, MIN_SIDE, Size, check_size, parse_size

FITS = ("contain", "cover", "pad")


def fit_size(source: Size, size: str | None, scale: float | None, fit: str) -> Size:
    """The size to restore to, (width, height), as it was asked for on a command line.

    size   WxH as it was asked for: the picture fits inside, or fills it where fit is "cover"
    scale  times the source's sides; with neither, twice them, at most 1920x1080 either way up

    Raises ConfigError if both are given, or the result is too large.
    """
    if size is not None and scale is not None:
        raise ConfigError("--scale and --size both say how large: leave one out")
    if scale is not None:
        try:
            return scaled(source, scale)
        except ValueError as error:
            raise ConfigError(f"--{error}") from None
    if size is None:
        return double(source)
    try:
        box = parse_size(size)
    except ValueError as error:
        raise ConfigError(f"--size: {error}") from None
    return box if fit == "cover" else inside(source, box)


def fit_values(source: Size, size: Size | None = None, scale: float | None = None) -> Size:
    """As `fit_size` of values, for "contain".

    Raises TypeError if a side is not a whole number, ValueError if both are given, or if the result is
    smaller than 16 or larger than 1920x1080 pixels.
    """
    box = check_values(size, scale)
    if scale is not None:
        return scaled(source, scale)
    return inside(source, box) if box else double(source)


def check_values(size: Size | None = None, scale: float | None = None) -> Size | None:
    """The size in whole numbers; raises what `fit_values` raises, as far as no source is needed for that."""
    if size is not None and scale is not None:
        raise ValueError(f"size {size} and scale {scale:g} both say how large: leave one out")
    if scale is not None and not 0 < scale < math.inf:
        raise ValueError(f"scale {scale:g} is not a number above 0")
    if size is None:
        return None
    width, height = check_size((index(size[0]), index(size[1])))
    if max(width, height) > max(MAX_OUTPUT) or min(width, height) > min(MAX_OUTPUT):
        raise ValueError(f"size {width}x{height} is too large, expected at most 1920x1080")
    return width, height


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


def scaled(size: Size, scale: float) -> Size:
    """The size times `scale`, even. Raises ValueError if that is too small or too large."""
    check_values(scale=scale)
    width, height = (2 * round(side * scale / 2) for side in size)
    made = f"scale {scale:g} makes {width}x{height} of {size[0]}x{size[1]}"
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{made}, expected sides of {MIN_SIDE} or more: give a larger scale")
    if max(width, height) > max(MAX_OUTPUT) or min(width, height) > min(MAX_OUTPUT):
        most = min(max(MAX_OUTPUT) / max(size), min(MAX_OUTPUT) / min(size))
        raise ValueError(f"{made}, expected at most 1920x1080: use at most scale {int(most * 100) / 100:g}")
    return width, height
