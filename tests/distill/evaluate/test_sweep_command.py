import argparse
import json
from pathlib import Path

import pytest
from frozen_graph import nearest
from moving_files import write_clip
from network_files import write_network
from stand_in import write_weights

from distill.commands import sweep
from distill.evaluate.results import read_results
from vcam.errors import ConfigError


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Folders of clips, weights with a recipe among them, and peers."""
    for name in ("clips", "peers", "weights/recipes"):
        (tmp_path / name).mkdir(parents=True)
    write_clip(tmp_path / "clips" / "talk.mp4", 14, 48)
    write_weights(tmp_path / "weights", ["still"])
    write_network(tmp_path / "weights" / "recipes" / "tiny.onnx")
    for scale in (2, 3, 4):
        (tmp_path / "peers" / f"ESPCN_x{scale}.pb").write_bytes(nearest(scale))
    return tmp_path


def parse(folders: Path, *options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, default=folders / "weights")
    sweep.add_arguments(parser)
    where = ["--out", str(folders / "out"), "--min-height", "48", "--no-vmaf", "--scored", "2"]
    return parser.parse_args([str(folders / "clips"), *where, *options])


def test_everything_is_swept_side_by_side(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.run(parse(folders, "--peers", str(folders / "peers"), "--sets", "webcam", "clean", "--no-speed"))
    results = read_results(folders / "out" / "sweep.json")
    kinds = {entry["name"]: entry["kind"] for entry in results.contenders}
    assert kinds == {
        "bicubic": "filter",
        "lanczos": "filter",
        "unsharp 0.15": "filter",
        "unsharp 0.3": "filter",
        "still": "shipped",
        "tiny": "recipe",
        "ESPCN": "peer",
    }
    assert len(results.rows) == 14
    lines = capsys.readouterr().out.splitlines()
    assert len({line.count("|") for line in lines[:-1]}) == 1
    assert json.loads(lines[-1])["rows"] == 14


def test_the_named_contenders_run_beside_the_input(folders: Path) -> None:
    sweep.run(parse(folders, "--only", "tiny", "--sets", "clean", "--no-speed"))
    results = read_results(folders / "out" / "sweep.json")
    assert [row.contender for row in results.rows] == ["bicubic", "tiny"]


def test_an_unknown_contender_is_refused_with_the_names(folders: Path) -> None:
    with pytest.raises(ConfigError, match=r"no contender 'tinny'; choose some of: bicubic, .*tiny"):
        sweep.run(parse(folders, "--only", "tinny"))


def test_timings_stay_with_what_has_not_changed(folders: Path) -> None:
    path = folders / "out" / "sweep.json"
    options = ["--sets", "clean", "--only", "tiny"]
    sweep.run(parse(folders, *options, "--speed-seconds", "0"))
    timed = read_results(path).speed
    assert {entry.size for entry in timed} == {"256x256", "512x512", "1280x720", "1920x1080"}
    write_network(folders / "weights" / "recipes" / "tiny.onnx", gain=0.5)
    sweep.run(parse(folders, *options, "--no-speed"))
    assert read_results(path).speed == [entry for entry in timed if entry.contender == "bicubic"]
