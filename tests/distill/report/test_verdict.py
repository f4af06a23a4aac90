from dataclasses import replace

from distill.evaluate.judge import Row
from distill.evaluate.tally import Figures
from distill.report.verdict import HEADER, mean_gains, verdict_table

BEFORE = Figures(30.0, 0.8, 40.0, 41.0, 2.0, 4.0, None, 29.0, 31.0, 27.0)


def row(clip: str, gain: float, label: str = "x2") -> Row:
    after = replace(BEFORE, psnr_y=30 + gain, psnr_u=42, ciede2000=1.5, flicker=3.0, psnr_behind=28.5)
    return Row(clip, label, 3, BEFORE, after, 0.5)


def cells(line: str) -> dict[str, str]:
    """The gains are named after the column before them."""
    values = [cell.strip() for cell in line.strip("|").split("|")]
    names = [
        name if name not in ("gain", "change") else f"{before} {name}"
        for before, name in zip(("", *HEADER), HEADER, strict=False)
    ]
    return dict(zip(names, values, strict=True))


def test_a_row_has_what_went_in_and_what_was_gained() -> None:
    found = cells(verdict_table([row("a", 0.5)]).splitlines()[2])
    assert (found["PSNR-Y in"], found["PSNR-Y in gain"], found["SSIM-Y in gain"]) == (
        "30.00",
        "+0.50",
        "0.0000",
    )
    assert (found["PSNR-U"], found["PSNR-V"]) == ("+2.00", "0.00")
    assert (found["CIEDE2000 in change"], found["flicker in change"]) == ("−0.50", "−25%")
    assert (found["moving"], found["behind edges"], found["computed"]) == ("–", "−0.50", "0.50")
    assert found["worst frame"] == "27.00"


def test_the_table_ends_with_each_degradations_mean_and_the_worst() -> None:
    rows = [row("a", 0.5), row("b", -0.1), row("a", 1.0, "x3")]
    lines = verdict_table(rows).splitlines()
    assert cells(lines[-3]) | {"clip": "**mean**", "degradation": "x2", "PSNR-Y in gain": "+0.20"} == cells(
        lines[-3]
    )
    assert cells(lines[-2])["PSNR-Y in gain"] == "+1.00"
    assert lines[-1].startswith("| worst: b | x2 |  | −0.100 |")
    assert len({line.count("|") for line in lines}) == 1


def test_the_means_are_by_degradation_over_the_clips_that_have_the_figure() -> None:
    dull = row("b", 0.1)
    dull = replace(dull, after=replace(dull.after, flicker=None))
    found = mean_gains([row("a", 0.5), dull, row("a", 1.0, "x3")])
    assert list(found) == ["x2", "x3"]
    assert found["x2"]["clips"] == 2
    assert found["x2"]["in"]["psnr_y"] == 30
    assert found["x2"]["gain"]["psnr_y"] == 0.3
    assert found["x2"]["gain"]["flicker"] == -1.0
    assert found["x2"]["gain"]["psnr_moving"] is None
    assert found["x2"]["computed"] == 0.5
