"""The size of a picture, by itself: a command that only checks a setting loads neither NumPy nor OpenCV."""

from typing import TypeAlias

Size: TypeAlias = tuple[int, int]  # (width, height), in the order people say it

MIN_SIDE, MAX_SIDE = 16, 8192


def check_size(size: Size) -> Size:
    """Return `size` if it can be a Frame's, else raise ValueError saying which rule it breaks."""
    width, height = size
    if width % 2 or height % 2:
        raise ValueError(f"{width}x{height}: width and height must be even (4:2:0 chroma)")
    if min(size) < MIN_SIDE or max(size) > MAX_SIDE:
        raise ValueError(f"{width}x{height}: sides must be {MIN_SIDE}..{MAX_SIDE} pixels")
    return size


def parse_size(text: str) -> Size:
    """Read "1280x720" as (1280, 720). Raises ValueError on anything else, or on odd sides."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"{text!r} is not a valid size; expected WIDTHxHEIGHT, for example 1280x720")
    return check_size((int(width), int(height)))
