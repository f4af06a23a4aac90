"""Scatter plot with Pareto front: gain against time per frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from distill.evaluate.results import Summary
from distill.report.markdown import signed
from distill.report.plots.labels import Box, Label, draw_labels, make_box
from distill.report.plots.style import COLOURS, FAINT, INK, MARKERS, draw_zero, make_figure, styled, to_png
from distill.report.summary import HD
from distill.report.view import GROUPS, Contender, View

HEIGHT_IN = 5.4
FLOOR_DB = -1.0  # worse gains are drawn here, with their value
FRAME_MS = 1000 / 30
TICKS = [(0.5, "0.5 ms"), (1, "1 ms"), (2, "2"), (5, "5"), (10, "10 ms"), (20, "20"), (50, "50")]
TICKS += [(100, "100 ms"), (200, "200"), (500, "500"), (1000, "1 s"), (2000, "2 s"), (5000, "5 s")]


@dataclass(frozen=True)
class Point:
    """A contender with both a gain and a time."""

    contender: Contender
    ms: float
    summary: Summary

    @property
    def height_db(self) -> float:
        """Where it is drawn."""
        return max(self.summary.gain_db, FLOOR_DB)


def points_of(view: View) -> list[Point]:
    """The contenders with both scores and timings."""
    return [
        Point(contender, ms, summary)
        for contender in view.contenders
        if (summary := view.summary(contender.name, view.main)) and (ms := view.ms(contender.name, HD))
    ]


def frontier(points: Sequence[Point]) -> list[Point]:
    """The Pareto front: positive gains that no faster contender reaches, the fastest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.ms, -point.summary.gain_db)):
        if point.summary.gain_db > (best[-1].summary.gain_db if best else 0.0):
            best.append(point)
    return best


def draw_pareto(view: View) -> bytes | None:
    """PNG of PSNR-Y gain under the main set against milliseconds at 720p; None if nothing was timed."""
    points = points_of(view)
    if not points:
        return None
    with styled():
        figure = make_figure(HEIGHT_IN)
        axes = figure.add_subplot()
        _set_axes(axes, view, points)
        best = frontier(points)
        _draw_frontier(axes, best)
        for point in points:
            _draw_point(axes, point)
        for group in (group for group in GROUPS if any(point.contender.group == group for point in points)):
            axes.plot([], [], MARKERS[group], color=COLOURS[group], label=group)
        figure.legend(loc="outside lower center", ncols=4, handletextpad=0.3, columnspacing=1.4)
        figure.canvas.draw()  # the layout is final from here on
        figure.set_layout_engine("none")
        draw_labels(axes, [_label(point) for point in points], _lines(axes, points, best))
        return to_png(figure)


def _set_axes(axes: Axes, view: View, points: Sequence[Point]) -> None:
    axes.set_title(f"Gain against time: mean over {view.main_title}, 720p, log scale")
    axes.set_ylabel("PSNR-Y gain over the input, dB")
    axes.set_xlabel("time for one 720p frame, whole, CPU (left is faster)")
    axes.set_xscale("log")
    left, right = min(point.ms for point in points) / 1.9, max(point.ms for point in points) * 2.6
    axes.set_xlim(left, right)
    axes.set_ylim(
        min(max(point.summary.low_db, FLOOR_DB) for point in points) - 0.1,
        max(max(point.summary.high_db, FLOOR_DB) for point in points) + 0.1,
    )
    shown = [(ms, text) for ms, text in TICKS if left < ms < right]
    axes.xaxis.set_major_locator(FixedLocator([ms for ms, _ in shown]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticklabels([text for _, text in shown])
    draw_zero(axes)
    if right > FRAME_MS:
        axes.axvspan(max(left, FRAME_MS), right, color="#f4f5f7", zorder=0, linewidth=0)
        words = "slower than 30 frames a second"
        text = axes.text(0.995, 0.985, words, color=FAINT, fontsize=8.5, transform=axes.transAxes)
        text.set(ha="right", va="top")


def _draw_frontier(axes: Axes, best: Sequence[Point]) -> None:
    """Draw the Pareto front as steps, extended to the right."""
    if not best:
        return
    times = [point.ms for point in best] + [axes.get_xlim()[1]]
    gains = [point.summary.gain_db for point in best] + [best[-1].summary.gain_db]
    label = "nothing is both faster and better"
    axes.step(times, gains, "--", where="post", color=INK, linewidth=1.0, zorder=1.8, label=label)


def _lines(axes: Axes, points: Sequence[Point], best: Sequence[Point]) -> list[Box]:
    """Lines that labels should not cover: the front, the intervals and the line of zero gain."""
    left, right = axes.get_xlim()
    spans = [(left, 0.0, right, 0.0)]
    spans += [(point.ms, point.summary.low_db, point.ms, point.summary.high_db) for point in points]
    for point, after in zip(best, [*best, None][1:], strict=True):
        gain, end = point.summary.gain_db, after.ms if after else right
        spans.append((point.ms, gain, end, gain))
        spans += [(end, gain, end, after.summary.gain_db)] if after else []
    return [make_box(axes, span) for span in spans]


def _draw_point(axes: Axes, point: Point) -> None:
    group, summary = point.contender.group, point.summary
    is_below = summary.gain_db < FLOOR_DB
    if not is_below:
        axes.vlines(point.ms, summary.low_db, summary.high_db, color=COLOURS[group], alpha=0.35, linewidth=2)
    marker = "v" if is_below else MARKERS[group]
    (dot,) = axes.plot(point.ms, point.height_db, marker, color=COLOURS[group], markersize=8, zorder=4)
    dot.set(markeredgecolor="white", markeredgewidth=0.8)


def _label(point: Point) -> Label:
    contender, gain = point.contender, point.summary.gain_db
    text = f"{contender.name} ({signed(gain, 1)} dB)" if gain < FLOOR_DB else contender.name
    weight = "bold" if contender.kind == "shipped" else "normal"
    return Label(text, point.ms, point.height_db, INK, weight)
