from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from report_files import make_results, write_record

from distill.report.plots.bars import draw_bars, main_contenders
from distill.report.plots.curves import draw_curves
from distill.report.plots.labels import Box, place
from distill.report.plots.pareto import draw_pareto, frontier, points_of
from distill.report.plots.style import styled
from distill.report.records import Record, read_records
from distill.report.view import View, make_view

MOST_BYTES = 150_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def view() -> View:
    return make_view(make_results(), {})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    """Thirteen of them, more than there are recipes."""
    for number in range(13):
        write_record(tmp_path, name=f"system-{number}")
    return list(read_records(tmp_path).values())


def check(content: bytes | None) -> None:
    assert content is not None
    assert content.startswith(PNG)
    assert len(content) < MOST_BYTES
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] == 1408  # 8.8 inches of 160 dots
    assert (picture[0, 0] == 255).all()  # a light ground
    assert picture.std() > 5  # something is drawn


def test_the_pareto_picture_is_a_small_png(view: View) -> None:
    check(draw_pareto(view))


def test_the_bars_are_a_small_png(view: View) -> None:
    check(draw_bars(view, main_contenders(view)))


def test_the_curves_are_a_small_png(records: list[Record]) -> None:
    check(draw_curves(records))


def test_a_very_bad_contender_is_drawn_at_the_floor(view: View) -> None:
    results = view.results
    worse = [replace(each, gain_db=-9.0) if each.contender == "tiny" else each for each in results.summary]
    low = make_view(replace(results, summary=worse), {})
    assert min(point.height_db for point in points_of(low)) == -1.0
    check(draw_pareto(low))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_pareto(make_view(replace(make_results(), speed=[]), {})),
        lambda: draw_bars(make_view(make_results(), {}), []),
        lambda: draw_curves([]),
    ],
)
def test_nothing_measured_is_no_picture(draw: Callable[[], bytes | None]) -> None:
    assert draw() is None


def test_the_frontier_holds_what_nothing_beats(view: View) -> None:
    assert [point.contender.name for point in frontier(points_of(view))] == ["fast", "best"]


def test_the_main_contenders_are_the_students_and_the_best_of_each_kind(view: View) -> None:
    names = [contender.name for contender in main_contenders(view)]
    assert names == ["fast", "best", "nafnet", "FSRCNN", "unsharp 0.3"]


def test_names_of_near_points_do_not_overlap() -> None:
    rng = np.random.default_rng(3)
    points = [(500 + x, 300 + y) for x, y in rng.normal(0, 40, (12, 2))]
    boxes = place(points, [(90.0, 16.0)] * 12, Box(0, 0, 1000, 600), 1.0)
    # a few square pixels are a corner of air around letters
    assert max(a.overlap(b) for a, b in combinations(boxes, 2)) < 20


def test_names_stay_inside_the_plot() -> None:
    (box,) = place([(995.0, 598.0)], [(90.0, 16.0)], Box(0, 0, 1000, 600), 1.0)
    assert box.right <= 1000
    assert box.top <= 600


def test_the_look_of_other_plots_is_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    with styled():
        assert matplotlib.rcParams["axes.grid"]
    assert dict(matplotlib.rcParams) == before
