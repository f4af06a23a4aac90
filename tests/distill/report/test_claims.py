from dataclasses import replace
from pathlib import Path

import pytest
from report_files import make_results, write_record

from distill.recipe import Claim
from distill.report.claims import (
    FREE,
    REACHED,
    UNASKED,
    UNMEASURED,
    Finding,
    find,
    overview,
    read_number,
    rounding_of,
    system_table,
)
from distill.report.reasons import reasons
from distill.report.records import Record, read_records
from distill.report.view import View, make_view

SSIM = Claim("SSIM", "0.91", "ssim_rgb")


def open_record(folder: Path, *claims: dict[str, str]) -> tuple[Record, View]:
    write_record(folder, claims=claims)
    records = read_records(folder)
    return records["tiny"], make_view(make_results(), records)


@pytest.mark.parametrize(
    ("claimed", "number", "slack"),
    [
        ("0.91", 0.91, 0.005),
        ("> 0.9", 0.9, 0.0),
        ("35 to 40 fps", 35.0, 0.5),
        ("30 dB", 30.0, 0.5),
        ("high", None, 0.0),
    ],
)
def test_a_claim_is_its_first_number_as_exact_as_it_was_written(
    claimed: str, number: float | None, slack: float
) -> None:
    assert read_number(claimed) == number
    assert rounding_of(claimed) == pytest.approx(slack)


def test_a_claim_is_reached_within_its_rounding() -> None:
    assert Finding(SSIM, found=0.9051, untouched=0.88).verdict == REACHED
    assert Finding(SSIM, found=0.9049, untouched=0.88).verdict == "missed by 0.0051"


def test_what_the_input_reaches_too_is_said() -> None:
    assert Finding(SSIM, found=0.95, untouched=0.92).verdict == FREE


def test_what_is_reached_against_the_teacher_alone_is_said() -> None:
    assert Finding(SSIM, found=0.72, untouched=0.70, against_teacher=0.914).verdict == (
        "reached against its teacher only"
    )


def test_what_is_reached_on_luma_alone_is_said() -> None:
    assert Finding(SSIM, found=0.89, untouched=0.80, other_colour=0.92).verdict == "reached on luma only"


def test_a_result_below_the_input_is_said() -> None:
    assert (
        Finding(SSIM, found=0.80, untouched=0.85).verdict
        == "missed by 0.1100; worse than the untouched input"
    )


def test_a_smaller_error_is_a_better_one() -> None:
    claim = Claim("MSE", "0.02", "mse")
    assert Finding(claim, found=0.01, untouched=0.05).verdict == REACHED
    assert (
        Finding(claim, found=0.05, untouched=0.04).verdict
        == "missed by 0.0300; worse than the untouched input"
    )


def test_a_claim_without_a_metric_is_not_measured(tmp_path: Path) -> None:
    record, view = open_record(tmp_path, {"what": "MOS", "claimed": "4 of 5"})
    assert [finding.verdict for finding in find(record, view)] == [UNASKED]


def test_a_speed_that_the_sweep_lacks_is_not_measured(tmp_path: Path) -> None:
    record, view = open_record(tmp_path, {"what": "speed", "claimed": "30", "metric": "fps 64x64"})
    assert [finding.verdict for finding in find(record, view)] == [UNMEASURED]


def test_a_claim_without_a_number_has_no_verdict() -> None:
    assert Finding(Claim("SSIM", "high", "ssim_rgb"), found=0.9).verdict == "no number is claimed"


def test_a_metric_names_whose_picture_it_is_of(tmp_path: Path) -> None:
    record, view = open_record(
        tmp_path,
        {"what": "student", "claimed": "0.9", "metric": "ssim_rgb"},
        {"what": "teacher", "claimed": "0.9", "metric": "teacher.ssim_rgb"},
        {"what": "against", "claimed": "0.9", "metric": "against_teacher.ssim_rgb"},
    )
    assert [finding.found for finding in find(record, view)] == [0.895, 0.94, 0.96]


def test_frames_a_second_are_those_of_the_sweep(tmp_path: Path) -> None:
    record, view = open_record(tmp_path, {"what": "speed", "claimed": "30 fps", "metric": "fps 1280x720"})
    (finding,) = find(record, view)
    assert finding.found == pytest.approx(1000 / 30)
    assert finding.verdict == REACHED


def test_another_recipes_speed_is_named_by_it(tmp_path: Path) -> None:
    record, view = open_record(tmp_path, {"what": "speed", "claimed": "30", "metric": "best fps 1920x1080"})
    (finding,) = find(record, view)
    assert finding.found == pytest.approx(1000 / 45)
    assert finding.verdict == "missed by 7.8"


def test_the_same_metric_on_calls_stands_beside(tmp_path: Path) -> None:
    record, view = open_record(tmp_path, {"what": "SSIM", "claimed": "0.91", "metric": "ssim_rgb"})
    (finding,) = find(record, view)
    assert finding.on_calls == pytest.approx(0.875)  # 0.88 less the mean of 0.006 and 0.004
    assert finding.on_calls_untouched == pytest.approx(0.88)
    assert "0.8750 (0.8800)" in system_table(record, view)


def test_the_recipes_own_words_follow_the_numbers(tmp_path: Path) -> None:
    record, view = open_record(
        tmp_path,
        {
            "what": "SSIM",
            "claimed": "0.96",
            "metric": "ssim_rgb",
            "why": "They averaged over training pictures.",
        },
    )
    (line,) = reasons(record, view)
    assert line == (
        "- *SSIM*: On frames of calls it makes the input worse, by 0.0050: a codec's blocks, which it has "
        "never seen, are damage of another kind than its own. "
        "Against the truth it is 0.8950; 0.9600 is against its teacher's picture. "
        "Its training could go on: still gains; +0.08 dB in the last fifth. "
        "They averaged over training pictures."
    )


def test_a_gain_on_calls_is_told_with_its_surprise(tmp_path: Path) -> None:
    write_record(tmp_path, claims=[{"what": "SSIM", "claimed": "0.91", "metric": "ssim_rgb"}])
    results, records = make_results(), read_records(tmp_path)
    rows = [
        replace(row, ssim_rgb=0.9, ssim_rgb_gain=0.02) if row.contender == "tiny" else row
        for row in results.rows
    ]
    (line,) = reasons(records["tiny"], make_view(replace(results, rows=rows), records))
    assert "makes the input better, by 0.0200, though a codec's blocks, which it has never seen" in line


def test_the_overview_counts_what_holds(tmp_path: Path) -> None:
    record, view = open_record(
        tmp_path,
        {"what": "PSNR", "claimed": "30 dB", "metric": "psnr_rgb"},
        {"what": "MSE", "claimed": "0.02", "metric": "mse"},
        {"what": "MOS", "claimed": "4"},
    )
    assert overview([record], view).splitlines()[2] == (
        "| tiny | 2 of 3, 1 by the untouched input too | +1.00 | +0.0150 | −0.50 | −0.0050 |"
    )
