"""The published picture as the user wants it.

view     mirror, flip, turn, zoom and pan
light    shadows lifted by a tone curve
bands    mains light that drifts through the picture
gain     what the restoration is worth while a link is simulated
overlay  wipe and figures
card     the user's own words or picture where no camera is shown
stage    all of it, behind restoration
"""

from vcam.adjust.card import draw_card, read_picture
from vcam.adjust.overlay import PARTS, Figures
from vcam.adjust.stage import Adjust, Wishes
from vcam.adjust.view import MOST_ZOOM, TURNS, View, arrange

__all__ = [
    "MOST_ZOOM",
    "PARTS",
    "TURNS",
    "Adjust",
    "Figures",
    "View",
    "Wishes",
    "arrange",
    "draw_card",
    "read_picture",
]
