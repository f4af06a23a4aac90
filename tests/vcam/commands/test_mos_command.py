"""`sharpkd mos` from its words to its answers; clips, votes and scores have tests in tests/vcam/opinion."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import pytest
from children import child
from program import ROOT

from vcam.cli import main
from vcam.opinion.plan import Trial
from vcam.opinion.store import Store, Vote
from vcam.opinion.study import RESULTS, read_study

SMALL = ("--size", "64x48", "--seconds", "0.2")


@pytest.fixture
def study(tmp_path: Path, weights: Path, paths: object) -> Path:
    """A study of the bundled clip over two links, which the stand-in model leaves as it is."""
    folder = tmp_path / "study"
    systems = (
        "--a",
        "input",
        "--b",
        "still",
        "--weights",
        str(weights),
        "--provider",
        "cpu",
        "--threads",
        "1",
    )
    assert main(["mos", "prepare", str(folder), *SMALL, "--link", "360p", "--link", "180p", *systems]) == 0
    return folder


def rate(folder: Path, person: str, score: int) -> None:
    """A person who rates b by `score` over a, each time."""
    study, store = read_study(folder), Store(folder / RESULTS)
    shown = [(pair.id, order) for pair in study.of_kind("test") for order in ("ab", "ba")]
    trials = [Trial(number, "test", pair, order) for number, (pair, order) in enumerate(shown, 1)]  # type: ignore[arg-type]
    store.join(person, f"secret of {person}", {"distance_cm": 60.0}, trials)
    for each in trials:
        store.rate(
            Vote(person, each.number, "test", each.pair, each.shown, score if each.shown == "ab" else -score)
        )


def test_a_new_study_says_that_nobody_has_been_asked(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["mos", "report", str(study)]) == 0
    assert "nobody has been asked yet" in capsys.readouterr().out
    assert not (study / RESULTS).exists()
    assert main(["mos", "export", str(study)]) == 2
    assert main(["mos", "report", str(study), "--plot", str(study / "x.svg")]) == 2


def test_votes_are_reported_drawn_and_exported(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for person, score in (("p1", 1), ("p2", 2), ("p3", 2)):
        rate(study, person, score)
    capsys.readouterr()
    assert main(["mos", "report", str(study), "--plot", str(study / "x.svg")]) == 0
    said = capsys.readouterr().out
    assert "CMOS +1.67 (95%: " in said
    assert "talk over 180p  +1.67" in said
    assert "3 people are few" in said
    assert "viewing distance, median: 60 cm" in said
    assert ElementTree.parse(study / "x.svg").getroot().tag.endswith("svg")
    assert main(["mos", "report", str(study), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cmos"]["people"] == 3
    assert main(["mos", "export", str(study)]) == 0
    names = {Path(line).name for line in capsys.readouterr().out.splitlines()}
    assert names == {"votes.csv", "people.csv", "answers.csv", "rating_clips.csv", "result_parser.cfg"}


def test_a_study_is_served_until_a_signal(study: Path) -> None:
    command = [sys.executable, "-m", "vcam.cli", "mos", "serve", str(study)]
    with child(command, cwd=ROOT, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        address, _, key = server.stdout.readline().strip().partition("#key=")
        assert key == read_study(study).key
        with urllib.request.urlopen(f"{address}study", timeout=30) as answer:
            assert json.load(answer)["minutes"] == 25
        server.send_signal(signal.SIGTERM)  # SIGINT is ignored by what a shell starts in the background
        assert server.wait(timeout=60) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["report"], "expected a study's folder: sharpkd mos report STUDY"),
        (["report", "nowhere"], "no study in nowhere: make one first, with: sharpkd mos prepare nowhere"),
        (["prepare", "new", "--a", "best", "--b", "best"], "--a and --b are both 'best': name two systems"),
        (["prepare", "new", "--seconds", "0"], "--seconds: 0 is outside 0..20"),
        (["prepare", "new", "--size", "huge"], "--size: 'huge' is not a valid size"),
        (["prepare", "new", "--clip", "none.mp4"], "--clip: no file none.mp4; expected a video"),
        (["prepare", "new", "--link", "36p"], "no link profile '36p' (did you mean '360p'?)"),
        (["prepare", "new", "--b", "."], ". was made of the clips as they are, expected no link"),
        (["prepare", "new", "--b", "bets"], "no system 'bets' (did you mean 'best'?)"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    words: list[str], expected: str, tmp_path: Path, paths: object, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["mos", *words]) != 0
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_study_whose_clip_is_missing_is_refused(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "media" / read_study(study).pairs[0].a).unlink()
    assert main(["mos", "serve", str(study)]) == 2
    assert "which is not in media/; prepare it again" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mos", "serve", str(study), "--listen", "192.0.2.1"]) == 2
    assert "cannot listen on 192.0.2.1 port 0: " in capsys.readouterr().err
