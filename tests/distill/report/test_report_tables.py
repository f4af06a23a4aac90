from dataclasses import replace
from pathlib import Path

import pytest
from report_files import D2, make_results, write_record

from distill.report.brief import in_short, notes
from distill.report.costs import Cost
from distill.report.matrices import by_clip, by_content, by_degradation
from distill.report.records import read_records
from distill.report.summary import harm_table, input_sentence, picture_table
from distill.report.view import View, make_view
from vcam.errors import SourceError


@pytest.fixture
def view() -> View:
    return make_view(make_results(), {})


def line_of(table: str, name: str) -> list[str]:
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_gains_and_costs_stand_side_by_side(view: View) -> None:
    cells = line_of(picture_table(view, {"best": Cost(46_256, 2880.0)}), "best")
    assert cells[1].startswith("+0.60 (")
    assert cells[2:9] == ["+0.0060", "+0.0030", "+0.6", "–", "+0.06", "0.00", "−0.12"]
    assert cells[9:] == ["−10%", "46,256", "2,880", "20.0", "45.0"]


def test_what_has_no_cost_and_no_time_has_a_dash(view: View) -> None:
    assert line_of(picture_table(view, {}), "nafnet")[10:] == ["–"] * 4


def test_contenders_stand_under_the_headings_of_their_groups(view: View) -> None:
    names = [line.split(" | ")[0].strip("| *") for line in picture_table(view, {}).splitlines()[2:]]
    assert names[:3] == ["Shipped students", "best", "fast"]
    assert names[names.index("Peers") + 1] == "FSRCNN"
    assert "bicubic" not in names


def test_the_worst_and_the_clean_picture_are_shown(view: View) -> None:
    assert line_of(harm_table(view), "tiny") == ["tiny", "anna, D2", "−0.60", "−0.70", "−2.00", "51.0"]


def test_the_inputs_own_figures_are_said(view: View) -> None:
    assert "PSNR-Y 30.00 dB" in input_sentence(view)
    assert "VMAF-NEG – " not in picture_table(view, {})


def test_each_degradation_has_its_column(view: View) -> None:
    assert line_of(by_degradation(view), "fast")[1:] == ["+0.30", "+0.50", "+0.90"]
    assert line_of(by_degradation(view), "*the input itself*")[1:] == ["30.00"] * 3


def test_each_content_has_its_column(view: View) -> None:
    header = by_content(view).splitlines()[0]
    assert header == "| contender | calls (2) | text (1) |"
    assert line_of(by_content(view), "FSRCNN")[1:] == ["+0.20", "+0.20"]


def test_each_clip_has_its_row(view: View) -> None:
    assert line_of(by_clip(view, "best"), "bert")[1:] == ["30.0 +0.50", "30.0 +0.70", "30.0 +1.40"]


def test_the_first_lines_name_the_best_of_each_kind(view: View) -> None:
    text = in_short(view, {}, None)
    assert "- **best** (shipped): +0.60" in text
    assert "The best peer, **FSRCNN**: +0.20" in text
    assert "best gains 0.40 dB more in 0.33 of its time" in text


@pytest.mark.parametrize(
    ("gain", "low", "high", "told"),
    [(-0.5, -0.6, -0.4, "0 of 1"), (0.01, -0.09, 0.12, "0 of 1"), (0.2, 0.1, 0.3, "1 of 1")],
)
def test_only_a_gain_whose_interval_is_above_nothing_makes_pictures_better(
    tmp_path: Path, gain: float, low: float, high: float, told: str
) -> None:
    write_record(tmp_path, claims=[{"what": "SSIM", "claimed": "0.91", "metric": "ssim_rgb"}])
    results, records = make_results(), read_records(tmp_path)
    summary = [
        replace(each, gain_db=gain, low_db=low, high_db=high) if each.contender == "tiny" else each
        for each in results.summary
    ]
    text = in_short(make_view(replace(results, summary=summary), records), records, None)
    assert f"- {told} of them make pictures from a codec better" in text


def test_what_the_sweep_noted_is_told_once(view: View) -> None:
    results = view.results
    noted = [replace(row, note="no x1 network") if row.contender == "FSRCNN" else row for row in results.rows]
    told = notes(make_view(replace(results, rows=noted), {})).splitlines()
    assert told == ["- FSRCNN: no x1 network (D2, D5, W, clean)", "- nafnet, 1280x720: too slow: not run"]


def test_without_the_named_set_the_first_one_is_the_main_one() -> None:
    results = make_results()
    view = make_view(
        replace(results, settings=results.settings | {"sets": {"webcam": ["W poor webcam"]}}), {}
    )
    assert view.main_title == "the set webcam"
    assert "D2" not in by_degradation(view)


def test_a_sweep_that_lacks_its_machine_is_refused() -> None:
    with pytest.raises(SourceError, match=r"lack machine\.commit.*run: python -m distill sweep"):
        make_view(replace(make_results(), machine={}), {})


def test_a_sweep_without_rows_is_refused() -> None:
    with pytest.raises(SourceError, match="lack rows"):
        make_view(replace(make_results(), rows=[]), {})


def test_an_unknown_kind_of_contender_is_refused() -> None:
    entry = {"name": "x", "kind": "oracle", "title": "x", "key": ""}
    with pytest.raises(SourceError, match="kind 'oracle'"):
        make_view(replace(make_results(), contenders=[entry]), {})


def test_only_the_degradations_clips_are_counted(view: View) -> None:
    assert len(view.rows("best", [D2])) == 2
