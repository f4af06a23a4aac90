"""The scores of a study as an SVG picture: a point and its interval for each scene, and for all of them."""

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from vcam.opinion.report import Report
from vcam.opinion.statistics import LIMIT, Score
from vcam.opinion.study import Study

WIDTH, ROW, TOP, BOTTOM, LEFT, RIGHT = 760, 34, 76, 64, 230, 24
TICKS = {
    -3: "much worse",
    -2: "worse",
    -1: "slightly worse",
    0: "the same",
    1: "slightly better",
    2: "better",
    3: "much better",
}
LONGEST = 30  # characters of a scene's name
FONT = "system-ui, sans-serif"


def plot(study: Study, report: Report) -> str:
    """The text of an SVG file. The report has a CMOS."""
    assert report.cmos is not None
    rows = [*(report.scenes.items() if len(report.scenes) > 1 else ()), ("all", report.cmos)]
    height = TOP + ROW * len(rows) + BOTTOM
    root = Xml.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", role="img")
    Xml.SubElement(root, "title").text = f"{study.title}: {study.b} compared with {study.a}"
    Xml.SubElement(root, "rect", width=str(WIDTH), height=str(height), fill="#fff")
    _text(root, LEFT, 30, f"{study.b} compared with {study.a}", "start", 17, "#16191e")
    people = f"{report.cmos.people} people, {report.votes} votes, intervals of 95%"
    _text(root, LEFT, 52, people, "start", 13, "#565f6b")
    _draw_scale(root, TOP, TOP + ROW * len(rows))
    for index, (name, score) in enumerate(rows):
        _draw_row(root, TOP + ROW * index + ROW / 2, name, score, is_total=index == len(rows) - 1)
    return Xml.tostring(root, encoding="unicode")


def _x(score: float) -> float:
    return LEFT + (score + LIMIT) / (2 * LIMIT) * (WIDTH - LEFT - RIGHT - 40) + 20


def _draw_scale(root: Xml.Element, top: float, bottom: float) -> None:
    for tick, words in TICKS.items():
        colour = "#7d8691" if tick == 0 else "#dfe2e7"
        _line(root, (_x(tick), top), (_x(tick), bottom), colour, 1)
        _text(root, _x(tick), bottom + 20, f"{tick:+d}" if tick else "0", "middle", 13, "#565f6b")
        if tick in (-3, 0, 3):
            _text(root, _x(tick), bottom + 40, words, "middle", 12, "#565f6b")


def _draw_row(root: Xml.Element, y: float, name: str, score: Score, is_total: bool) -> None:
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    _text(root, LEFT - 6, y + 4, shown, "end", 13, "#16191e", "bold" if is_total else "normal")
    colour = "#b0560f" if is_total else "#0b6b79"
    if score.low is not None and score.high is not None:
        _line(root, (_x(score.low), y), (_x(score.high), y), colour, 3)
    Xml.SubElement(root, "circle", cx=f"{_x(score.mean):.1f}", cy=f"{y:.1f}", r="6", fill=colour)


def _line(root: Xml.Element, start: Sequence[float], end: Sequence[float], colour: str, width: int) -> None:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    Xml.SubElement(
        root,
        "line",
        {key: f"{value:.1f}" for key, value in ends.items()},
        stroke=colour,
        **{"stroke-width": str(width)},
    )


def _text(
    root: Xml.Element,
    x: float,
    y: float,
    words: str,
    anchor: str,
    size: int,
    colour: str,
    weight: str = "normal",
) -> None:
    style = {"text-anchor": anchor, "font-size": str(size), "font-family": FONT, "font-weight": weight}
    Xml.SubElement(root, "text", style, x=f"{x:.1f}", y=f"{y:.1f}", fill=colour).text = words
