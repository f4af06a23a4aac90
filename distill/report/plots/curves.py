"""Learning curves: gain of each network on its held-out samples at each validation."""

from collections.abc import Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, MaxNLocator

from distill.report.markdown import signed
from distill.report.plots.style import COLOURS, draw_zero, make_figure, styled, to_png
from distill.report.records import Record
from distill.report.view import GROUPS, PUBLISHED

COLUMNS = 4
ROW_IN = 1.75
LEAST_DB = 0.02  # smallest margin above and below a curve, so that noise is not magnified


def draw_curves(records: Sequence[Record]) -> bytes | None:
    """PNG with a small plot for every record with a curve; None if there are none."""
    shown = sorted((each for each in records if each.curve), key=lambda each: GROUPS.index(_group(each)))
    if not shown:
        return None
    rows = ceil(len(shown) / COLUMNS)
    with styled():
        figure = make_figure(0.8 + ROW_IN * rows)
        title = "Training: gain over the input on each recipe's own held-out samples, dB, by iterations"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        for number, record in enumerate(shown):
            axes = figure.add_subplot(rows, COLUMNS, number + 1)
            _draw(axes, record)
        names = {_group(record): record for record in shown}
        lines = [Line2D([], [], color=COLOURS[group], linewidth=1.8) for group in GROUPS if group in names]
        labels = [group for group in GROUPS if group in names]
        figure.legend(lines, labels, loc="outside lower center", ncols=len(labels))
        return to_png(figure)


def _draw(axes: Axes, record: Record) -> None:
    iterations, gains = zip(*record.curve, strict=True)
    colour = COLOURS[_group(record)]
    draw_zero(axes)
    axes.plot(iterations, gains, color=colour, linewidth=1.8)
    axes.plot(iterations[-1], gains[-1], "o", color=colour, markersize=4.5)
    axes.set_title(record.name, fontsize=9, pad=4)
    words, is_high = f"{signed(gains[-1])} dB", gains[-1] > (min(gains) + max(gains)) / 2
    text = axes.text(
        0.97, 0.14 if is_high else 0.86, words, color=colour, fontweight="bold", transform=axes.transAxes
    )
    text.set(ha="right", va="bottom")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=8)
    axes.set_xlim(0, iterations[-1] * 1.04)
    # initial divergence must not flatten the rest of the curve
    start = sorted(gains)[len(gains) // 10]
    low, high = min(0.0, start), max(0.0, *gains)
    margin = max(0.08 * (high - low), LEAST_DB)
    axes.set_ylim(low - margin, high + margin)


def _group(record: Record) -> str:
    return GROUPS[2] if record.kind == "teacher" else PUBLISHED if record.claims else GROUPS[1]
