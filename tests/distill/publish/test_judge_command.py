"""`python -m distill judge`, on stills and models made for it."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest
from stand_in import ZERO, write_weights
from talking_head import talking_head

from distill.__main__ import main
from vcam.conversion.opencv import to_bgr

DEGRADATIONS = 16  # D1 to D5, W, L, N and eight of the good end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty stills, of which the recipe holds back the eleventh, and two models."""
    (tmp_path / "media").mkdir()
    for number, frame in enumerate(talking_head(20, (400, 400))):
        cv2.imwrite(str(tmp_path / "media" / f"still{number:02d}.png"), to_bgr(frame))
    write_weights(tmp_path / "weights", ["still"], ZERO)
    write_weights(tmp_path / "bright", ["bright"], ZERO + 2)
    return tmp_path


def judge(folder: Path, weights: str, *options: str) -> int:
    data = ["--data", str(folder / "media")]
    return main(["--threads", "1", "--weights", str(folder / weights), "judge", *data, *options])


def rows(lines: Sequence[str]) -> dict[str, list[str]]:
    """The table's cells by their first."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    return {row[0]: row[1:] for row in cells}


def test_what_changes_nothing_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(folder, "weights") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "## still, faithful: passes"
    assert rows(out)["still10"] == ["0.00"] * DEGRADATIONS + ["60.0"]
    assert json.loads(out[-1])["judged"]["still, faithful"]["faults"] == []


def test_what_harms_fails_with_its_figures_and_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(folder, "bright", "--models", "bright") != 0
    captured = capsys.readouterr()
    out = captured.out.splitlines()
    assert out[0] == "## bright, faithful: FAILS"
    assert rows(out)["still10"][-1] == rows(out)["**worst**"][-1] == "42.1"
    assert "1 of 1 looks would not be published: bright, faithful" in captured.err
    found = json.loads(out[-1])["judged"]["bright, faithful"]
    assert "still10" in found["faults"][0]
    assert "has a PSNR of 42.1 dB after restoration" in found["faults"][1]
    worst = [name for name in found if name.startswith("worst_psnr_gain: still10, ")]
    assert found[worst[0]] == found["worst_psnr_gain"] < -1


def test_an_unknown_model_is_refused_with_a_choice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(folder, "weights", "--models", "nosuch") != 0
    assert "no model 'nosuch' in the manifest; choose some of: still" in capsys.readouterr().err
