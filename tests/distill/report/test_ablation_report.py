import json
from pathlib import Path

import pytest
from report_files import ablation_json

from distill.report.ablation import HELPS, HURTS, SAME, UNKNOWN, compare, judge, read_ablation, section
from vcam.errors import ModelError


def read(folder: Path, content: object) -> str:
    path = folder / "ablation.json"
    path.write_text(json.dumps(content))
    return section(read_ablation(path))


@pytest.mark.parametrize(
    ("difference", "spread", "verdict"),
    [
        (0.05, 0.02, HELPS),
        (-0.05, 0.02, HURTS),
        (0.03, 0.02, SAME),
        (-0.03, 0.02, SAME),
        (0.04, 0.02, SAME),
        (0.05, None, UNKNOWN),
    ],
)
def test_a_difference_counts_beyond_two_of_its_spreads(
    difference: float, spread: float | None, verdict: str
) -> None:
    assert judge(difference, spread) == verdict


def test_variants_are_compared_seed_by_seed(tmp_path: Path) -> None:
    path = tmp_path / "ablation.json"
    path.write_text(json.dumps(ablation_json()))
    ablation = read_ablation(path)
    assert ablation is not None
    base, good, noise = compare(ablation.runs)
    assert base.verdict == "the base"
    assert good.difference_db == pytest.approx(0.095)  # of 0.10 and 0.09
    assert good.difference_spread_db == pytest.approx(0.005 * 2**0.5)
    assert (good.verdict, noise.verdict) == (HELPS, SAME)


def test_means_and_spreads_appear_in_the_table(tmp_path: Path) -> None:
    text = read(tmp_path, ablation_json())
    assert "| + good | 2 | +0.315 ± 0.021 | +0.095 ± 0.007 | 50.0 | helps |" in text
    assert "(recipe sharpkd, iterations 100)" in text


def test_a_single_seed_has_no_verdict(tmp_path: Path) -> None:
    content = ablation_json()
    content["rows"] = [row for row in content["rows"] if row["seed"] == 0]
    assert f"| {UNKNOWN} |" in read(tmp_path, content)


def test_without_an_ablation_the_section_names_the_command(tmp_path: Path) -> None:
    assert "run: python -m distill ablate" in section(read_ablation(tmp_path / "none.json"))


def test_a_file_that_is_no_ablation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ablation.json").write_text('{"rows": [{"variant": "base"}]}')
    with pytest.raises(ModelError, match="is not a valid ablation"):
        read_ablation(tmp_path / "ablation.json")
