"""`python -m distill evaluate`, on a clip made for it."""

import json
from pathlib import Path

import pytest
from moving_files import write_clip
from stand_in import ZERO, write_weights

from distill.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Clips, and a model that makes pictures a little brighter."""
    (tmp_path / "clips").mkdir()
    for name in ("talk", "walk"):
        write_clip(tmp_path / "clips" / f"{name}.mp4", 14, 48)
    write_weights(tmp_path / "weights", ["bright"], ZERO + 2)
    return tmp_path


def evaluate(folder: Path, *options: str) -> int:
    before = ["--threads", "1", "--weights", str(folder / "weights")]
    quick = ["--min-height", "48", "--first", "6", "--stride", "3"]
    return main([*before, "evaluate", str(folder / "clips"), *quick, *options])


def test_sets_are_judged_side_by_side_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "rows.jsonl"
    options = ["--model", "bright", "--set", "W", "D", "clean", "--frames", "8", "--out", str(out)]
    assert evaluate(folder, *options, "--clips-limit", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(lines[-1])
    labels = list(found["degradations"])
    assert labels[0].startswith("W ")
    assert [label.split()[0] for label in labels[1:]] == ["D1", "D2", "D3", "D4", "D5", "clean"]
    assert found["degradations"]["clean"]["gain"]["psnr_y"] < -10  # 2 codes brighter: 42 dB of 60
    assert found["degradations"]["W webcam, white noise"]["gain"]["psnr_u"] == 0
    assert len(out.read_text().splitlines()) == 7
    assert len({line.count("|") for line in lines[:-1]}) == 1


def test_a_scene_can_be_held_still(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, "--model", "bright", "--set", "clean", "--still") == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["degradations"]["clean"]
    assert found["clips"] == 2
    assert found["gain"]["psnr_moving"] is None


def test_a_call_is_judged_and_the_next_run_has_nothing_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "call.jsonl"
    options = ["--set", "call", "--looks", "bright", "--cameras", "L", "perfect", "--no-vmaf"]
    options += ["--codecs", "h264", "--kbps", "500", "1000", "--out", str(out)]
    assert evaluate(folder, *options) == 0
    first, kept = capsys.readouterr().out, out.read_bytes()
    assert json.loads(first.splitlines()[-1])["calls"] == 2 * 2 * 2 * 3
    assert "| perfect | bright |" in first
    assert evaluate(folder, *options) == 0
    assert (capsys.readouterr().out, out.read_bytes()) == (first, kept)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "call", "W"], "the set call is evaluated separately"),
        (["--set", "call", "--looks", "crisp"], "no look 'crisp'; choose some of: bicubic"),
        (["--set", "call", "--looks", "bright", "--kbps", "77"], "no call has a rate of"),
        (["--set", "W", "--model", "fast"], "no model 'fast' in the manifest; choose one of: bright"),
    ],
)
def test_what_cannot_be_judged_is_an_error_with_the_remedy(
    folder: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, *options) != 0
    assert message in capsys.readouterr().err
