"""Bar plot: gain by degradation for each kind of contender."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from distill.report.markdown import signed
from distill.report.matrices import main_labels
from distill.report.plots.style import COLOURS, draw_zero, make_figure, styled, to_png
from distill.report.view import GROUPS, PUBLISHED, Contender, View

HEIGHT_IN = 4.4
FLOOR_DB = -1.0
MOST_SHIPPED = 2
SHIPPED_COLOURS = ("#0072B2", "#56B4E9")
SHARE = 0.84  # fraction of a degradation's width that its bars take


def main_contenders(view: View) -> list[Contender]:
    """The shipped students, the best one last, then the best contender of every other group."""
    shipped = sorted(view.of_group(GROUPS[0]), key=lambda each: view.gain(each.name, view.main) or 0)
    others = [view.best(group) for group in (GROUPS[2], PUBLISHED, GROUPS[4], GROUPS[5])]
    return [*shipped[-MOST_SHIPPED:], *(each for each in others if each)]


def draw_bars(view: View, contenders: Sequence[Contender]) -> bytes | None:
    """PNG of PSNR-Y gain by degradation, one bar per contender; None if there are none."""
    if not contenders:
        return None
    labels = main_labels(view)
    with styled():
        figure = make_figure(HEIGHT_IN)
        axes = figure.add_subplot()
        axes.grid(axis="x", visible=False)
        draw_zero(axes)
        width = SHARE / len(contenders)
        for number, contender in enumerate(contenders):
            gains = [view.gain(contender.name, label) or 0.0 for label in labels]
            places = [place - SHARE / 2 + width * (number + 0.5) for place in range(len(labels))]
            colour = _colour(contender, number)
            axes.bar(places, gains, width * 0.9, color=colour, label=contender.name, zorder=2)
            _write_depths(axes, places, gains)
        lowest, highest = axes.get_ylim()
        axes.set_ylim(max(lowest, FLOOR_DB), highest)
        axes.set_xlim(-0.55, len(labels) - 0.45)
        axes.set_xticks(range(len(labels)), labels)
        axes.tick_params(axis="x", length=0)
        axes.set_title("Gain by degradation, clips of calls")
        axes.set_ylabel("PSNR-Y gain over the input, dB")
        figure.legend(loc="outside lower center", ncols=len(contenders), handlelength=1.0)
        return to_png(figure)


def _colour(contender: Contender, number: int) -> str:
    """The colour of its group; shipped students have several."""
    return SHIPPED_COLOURS[number] if contender.group == GROUPS[0] else COLOURS[contender.group]


def _write_depths(axes: Axes, places: Sequence[float], gains: Sequence[float]) -> None:
    """Write the values into bars that are cut off at the bottom."""
    for place, gain in zip(places, gains, strict=True):
        if gain < FLOOR_DB:
            text = axes.text(
                place, FLOOR_DB + 0.03, signed(gain, 1), color="white", fontsize=7.5, rotation=90
            )
            text.set(ha="center", va="bottom")
