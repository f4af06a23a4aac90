import csv
import re
from configparser import ConfigParser
from pathlib import Path

import numpy as np
from panel_of_raters import Rater, ask, ids_of, make_study

from vcam.opinion.export import export
from vcam.opinion.statistics import pair_means
from vcam.opinion.store import Vote

STUDY = make_study(4)
OPINION = dict(zip(ids_of(STUDY), (-1.0, 0.0, 1.0, 2.0), strict=True))
VOTES = ask(STUDY, [Rater(OPINION) for _ in range(6)], 1)
ABOUT = {"screen": "laptop", "window_px": [1280, 720]}


def tables(folder: Path, left_out: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    people = {f"p{index}": ABOUT for index in range(6)}
    paths = export(folder, STUDY, VOTES, left_out, people)
    return {path.name: rows_of(path) for path in paths if path.suffix == ".csv"}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_every_vote_is_in_the_table_with_what_it_was_given_for(tmp_path: Path) -> None:
    rows = tables(tmp_path, {"p2": "a reason"})["votes.csv"]
    assert len(rows) == len(VOTES)
    assert {row["used"] for row in rows if row["person"] == "p2"} == {"0"}
    assert {row["used"] for row in rows if row["person"] != "p2"} == {"1"}
    assert all(
        int(row["b_over_a"]) == int(row["score"]) * (1 if row["shown"] == "ab" else -1) for row in rows
    )


def test_what_people_said_is_beside_it(tmp_path: Path) -> None:
    rows = tables(tmp_path, {})["people.csv"]
    assert rows[0] == {"person": "p0", "screen": "laptop", "window_px": "1280x720"}


def test_the_toolkit_finds_its_columns_and_the_same_scores(tmp_path: Path) -> None:
    """As result_parser.py does with --method ccr: columns in lower case, gold left out, means of clips."""
    rows = tables(tmp_path, {"p2": "a reason"})["answers.csv"]
    settings = ConfigParser()
    settings.read(tmp_path / "result_parser.cfg")
    questions = [
        f"q{number + 1}" for number in range(int(settings["general"]["number_of_questions_in_rating"]))
    ]
    votes: dict[str, list[int]] = {}
    for row in ({name.lower(): value for name, value in row.items()} for row in rows):
        assert {"workerid", "hitid", "assignmentid", "assignmentstatus"} <= set(row)
        gold = row[settings["gold_question"]["url_found_in"]]
        for name in questions:
            assert int(row[f"answer.video_n_finish_{name}"]) > 0
            assert row[f"answer.{name}_order"] == "rp"
            score, address = int(float(row[f"answer.{name}"])), row[f"answer.{name}_url"]
            if address == gold:
                off = abs(score - int(float(row[settings["gold_question"]["ans_found_in"]])))
                assert off <= int(settings["gold_question"]["variance"])
            else:
                votes.setdefault(address, []).append(score)
    means = pair_means([vote for vote in VOTES if vote.person != "p2"])
    for index, scores in enumerate(votes[address] for address in sorted(votes)):
        assert np.mean(scores) == np.mean([own[f"t{index}"] for own in means.values()])
    assert {row["pvs"] for row in tables(tmp_path, {})["rating_clips.csv"]} == set(votes)
    pattern = re.compile(settings["general"]["condition_pattern"])
    assert {found["link"] for address in votes if (found := pattern.match(address))} == {"0", "1", "2", "3"}


def test_who_never_met_a_gold_question_is_not_in_the_toolkits_rows(tmp_path: Path) -> None:
    export(tmp_path, STUDY, [Vote("p", 1, "test", "t0", "ab", 1)], {}, {})
    assert (tmp_path / "answers.csv").read_text() == ""


def test_a_clip_whose_name_is_a_formula_is_harmless_in_a_spreadsheet(tmp_path: Path) -> None:
    study = make_study(1)
    (test,) = study.of_kind("test")
    object.__setattr__(test, "clip", "=cmd|x")
    export(tmp_path, study, [Vote("p", 1, "test", "t0", "ab", -1)], {}, {})
    (row,) = rows_of(tmp_path / "votes.csv")
    assert (row["clip"], row["score"]) == ("'=cmd|x", "-1")
