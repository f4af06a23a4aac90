"""The published picture as the user wants it.

view     mirror, flip, turn, zoom and pan
light    shadows lifted by a tone curve
bands    mains light that drifts through the picture
overlay  wipe and figures
card     the user's own words or picture where no camera is shown
"""

from vcam.adjust.card import draw_card, read_picture
from vcam.adjust.overlay import PARTS, Figures
from vcam.adjust.view import MOST_ZOOM, TURNS, View, arrange

__all__ = [
    "MOST_ZOOM",
    "PARTS",
    "TURNS",
    "Figures",
    "View",
    "arrange",
    "draw_card",
    "read_picture",
]
