"""Common style of all plots: light background, a colour-blind-safe palette, and a size that fits a page.

Colours are those of Okabe and Ito 2008, "Color Universal Design"; groups differ in their markers too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from distill.report.view import GROUPS

WIDTH_IN, DPI = 8.8, 160  # shown at about 860 pixels on a page: half of the file's resolution
INK, FAINT, GRID = "#24292f", "#6e7781", "#e6e8eb"
COLOURS = dict(zip(GROUPS, ["#0072B2", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#8c8c8c"], strict=True))
MARKERS = dict(zip(GROUPS, ["o", "h", "^", "s", "D", "X"], strict=True))

STYLE: Mapping[Any, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.labelsize": 9.5,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "text.color": INK,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the common style while entered; matplotlib's settings are restored afterwards."""
    with matplotlib.rc_context(dict(STYLE)):
        yield


def make_figure(height_in: float) -> Figure:
    """An empty figure of the page's width, without a window."""
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_zero(axes: Axes) -> None:
    """Draw the line of zero gain."""
    axes.axhline(0, color=FAINT, linewidth=1.1, zorder=1.5)


def to_png(figure: Figure) -> bytes:
    """The figure as a PNG file of at most 256 colours."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # 256 colours are enough for lines and letters on white; the file is a third of the size
    return encode(picture.quantize(256, dither=Image.Dither.NONE))


def encode(picture: Image.Image) -> bytes:
    """A picture as a PNG file with the best compression."""
    content = BytesIO()
    picture.save(content, "PNG", optimize=True)
    return content.getvalue()
