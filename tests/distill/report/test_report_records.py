from pathlib import Path

import pytest
from report_files import write_record

from distill.recipe import Claim
from distill.report.records import read_records
from vcam.errors import ModelError


def test_a_record_is_read_with_its_claims_and_scores(tmp_path: Path) -> None:
    write_record(tmp_path, claims=[{"what": "SSIM", "claimed": "0.91", "metric": "ssim_rgb"}])
    record = read_records(tmp_path)["tiny"]
    assert record.claims == (Claim("SSIM", "0.91", "ssim_rgb"),)
    assert record.own_gain("psnr_y") == pytest.approx(1.0)
    assert record.curve[-1] == (2000, 1.0)


def test_no_folder_means_no_records(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none") == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"own": {}}'])
def test_a_file_that_is_no_record_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(
        ModelError, match=r"odd\.json is not a valid record.*run: python -m distill run --recipe odd"
    ):
        read_records(tmp_path)


def test_what_luma_networks_have_no_score_of_is_no_gain(tmp_path: Path) -> None:
    scores = {"psnr_y": 30.0, "ssim_y": 0.9, "psnr_rgb": None, "ssim_rgb": None, "mse": 0.001}
    write_record(tmp_path, own={"pictures": 1, "side": 32, "input": scores, "output": scores})
    assert read_records(tmp_path)["tiny"].own_gain("ssim_rgb") is None
