"""Labels beside points without overlaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import cos, hypot, pi, sin

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from distill.report.plots.style import DPI, FAINT

ANGLES = [step * pi / 8 for step in (0, 1, -1, 2, -2, 8, 7, -7, 6, -6, 4, -4, 3, -3, 5, -5)]
RADII_PT = (7, 11, 16, 22, 30, 40, 52)  # from a point to the nearest edge of its label
POINT_PT = 5.0  # half the side of the square that a point occupies
PASSES = 4  # over all names; in each, every name is placed again with the others fixed
LINE_PT = 1.0  # margin on each side of a line
LEADER_PT = 14  # labels farther away than this get a line to their point


@dataclass(frozen=True)
class Label:
    """A label and its point in data coordinates."""

    text: str
    x: float
    y: float
    colour: str
    weight: str = "normal"


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the canvas, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: "Box") -> float:
        """The common area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)


def make_box(axes: Axes, span: tuple[float, float, float, float]) -> Box:
    """The rectangle of an axis-parallel line from (x, y) to (x, y), with a margin."""
    corners = axes.transData.transform([span[:2], span[2:]])
    air = LINE_PT * DPI / 72
    (left, bottom), (right, top) = corners.min(axis=0) - air, corners.max(axis=0) + air
    return Box(left, bottom, right, top)


def draw_labels(axes: Axes, labels: Sequence[Label], lines: Sequence[Box] = ()) -> list[Box]:
    """Write the labels into the axes, clear of the lines; returns their rectangles.

    The axes' limits and the figure's layout must be final.
    """
    scale = DPI / 72
    canvas = axes.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    points = [tuple(axes.transData.transform((label.x, label.y))) for label in labels]
    sizes = []
    for label in labels:
        text = axes.text(0, 0, label.text, fontweight=label.weight)
        extent = text.get_window_extent(canvas.get_renderer())
        sizes.append((extent.width + 2 * scale, extent.height))
        text.remove()
    frame = axes.get_window_extent()
    room = Box(frame.x0, frame.y0, frame.x1, frame.y1)
    places = place(points, sizes, room, scale, lines)
    for label, point, box in zip(labels, points, places, strict=True):
        _draw(axes, label, point, box)
    return places


def _draw(axes: Axes, label: Label, point: tuple[float, ...], box: Box) -> None:
    to_data = axes.transData.inverted()
    near = (min(max(point[0], box.left), box.right), min(max(point[1], box.bottom), box.top))
    if hypot(near[0] - point[0], near[1] - point[1]) > LEADER_PT * DPI / 72:
        ends = to_data.transform([point, near])
        axes.plot(ends[:, 0], ends[:, 1], color=FAINT, linewidth=0.7, zorder=2)
    x, y = to_data.transform(((box.left + box.right) / 2, (box.bottom + box.top) / 2))
    axes.text(
        x, y, label.text, color=label.colour, fontweight=label.weight, ha="center", va="center", zorder=5
    )


def place(
    points: Sequence[tuple[float, ...]],
    sizes: Sequence[tuple[float, float]],
    room: Box,
    scale: float,
    lines: Sequence[Box] = (),
) -> list[Box]:
    """Place labels of these sizes near their points, without overlaps with points, lines and each other.

    points  (x, y) in pixels
    sizes   (width, height) in pixels
    scale   pixels a typographic point
    """
    half = POINT_PT * scale
    taken = [Box(x - half, y - half, x + half, y + half) for x, y in points]
    candidates = [list(_around(point, size, scale)) for point, size in zip(points, sizes, strict=True)]
    chosen = [options[0] for options in candidates]
    for _ in range(PASSES):
        for number, options in enumerate(candidates):
            others = [box for place, box in enumerate(chosen) if place != number]
            blocks = [*taken, *others, *lines]
            costs = [
                sum(box.overlap(block) for block in blocks)
                + 4 * (box.area - box.overlap(room))
                + 0.02 * box.area * rank / len(options)
                for rank, box in enumerate(options)
            ]
            chosen[number] = options[costs.index(min(costs))]
    return chosen


def _around(point: tuple[float, ...], size: tuple[float, float], scale: float) -> list[Box]:
    """Candidate positions around a point, the nearest and most usual first."""
    width, height = size
    boxes = []
    for radius, angle in product(RADII_PT, ANGLES):
        x = point[0] + cos(angle) * (radius * scale + width / 2)
        y = point[1] + sin(angle) * (radius * scale + height / 2)
        boxes.append(Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    return boxes
