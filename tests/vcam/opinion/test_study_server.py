"""What browsers are answered, and what that tells them: never which clip is which."""

import re
from pathlib import Path
from typing import Any

import pytest
from panel_of_raters import make_study
from small_study import ABOUT, Visitor, write_small_study

from vcam.opinion.server import STATIC
from vcam.opinion.store import Store
from vcam.opinion.study import RESULTS


def test_a_person_is_led_through_all_trials(folder: Path) -> None:
    visitor = Visitor(folder)
    trial = visitor.join()
    states = [trial["state"]]
    while trial["state"] != "done":
        trial = visitor.rate(trial["number"], 2).json()
        states.append(trial["state"])
    assert states == ["training"] * 3 + ["test"] * 6 + [
        "done"
    ]  # two pairs in both orders, two gold questions
    votes = Store(folder / RESULTS).votes()
    assert len(votes) == trial["rated"] == 9
    assert {vote.seconds for vote in votes} == {10.0}


def test_gold_questions_look_like_all_others(folder: Path) -> None:
    visitor = Visitor(folder)
    trial, shapes = visitor.join(), set()
    while trial["state"] != "done":
        if trial["state"] == "test":
            shapes.add(tuple(sorted(set(trial) - {"secret"})))
        trial = visitor.rate(trial["number"], 0).json()
    assert shapes == {("count", "layout", "number", "state")}


def test_nothing_before_the_vote_tells_which_clip_is_which(folder: Path) -> None:
    visitor = Visitor(folder)
    trial = visitor.join()
    told = re.compile(r"input|best|gold|expected|\.webm|c0|c1|\bt\d\b|\bab\b|\bba\b")
    while trial["state"] != "done":
        answers = [visitor.ask("GET", f"/clip/{trial['number']}/{place}") for place in (1, 2)]
        assert len({len(answer.content) for answer in answers}) == 1
        assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
        assert {"etag", "last-modified", "content-disposition"} & set(answers[0].headers) == set()
        assert answers[0].headers["cache-control"] == "no-store"
        assert not told.search(str({key: value for key, value in trial.items() if key != "secret"}))
        trial = visitor.rate(trial["number"], 0).json()


def test_the_second_order_shows_the_same_clips_the_other_way(folder: Path) -> None:
    visitor = Visitor(folder)
    trial, seen = visitor.join(), []
    while trial["state"] != "done":
        seen.append((visitor.clip(trial["number"], 1), visitor.clip(trial["number"], 2)))
        trial = visitor.rate(trial["number"], 0).json()
    for pair in (b"t0", b"t1"):
        of_it = [pair_of_clips for pair_of_clips in seen if pair in pair_of_clips[0]]
        assert of_it[0] == of_it[1][::-1]
        assert of_it[0][0] != of_it[0][1]


def test_only_the_clips_of_now_and_next_are_given(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.join()
    codes = [
        visitor.ask("GET", f"/clip/{number}/{place}").status_code
        for number, place in ((1, 1), (2, 2), (3, 1), (1, 3), (0, 1))
    ]
    assert codes == [200, 200, 404, 404, 404]


def test_without_a_key_or_secret_nothing_is_told(folder: Path) -> None:
    visitor = Visitor(folder)
    wrong = visitor.ask("POST", "/join", {"key": "guess", "about": ABOUT})
    assert (wrong.status_code, wrong.json()["error"]) == (
        403,
        "this address does not open the study; ask for a new one",
    )
    for method, path, body in (
        ("GET", "/trial", None),
        ("GET", "/clip/1/1", None),
        ("POST", "/rating", {"number": 1, "score": 0}),
    ):
        assert visitor.ask(method, path, body, secret="guess").status_code == 401
    assert not (folder / RESULTS).exists() or Store(folder / RESULTS).people() == {}


@pytest.mark.parametrize(
    ("about", "where"),
    [
        ({"consent": False}, "about.consent"),
        ({"distance_cm": 5.0}, "about.distance_cm"),
        ({"screen": "cinema"}, "about.screen"),
        ({"name": "Ada"}, "about.name"),
        ({"window_px": [100]}, "about.window_px"),
    ],
)
def test_who_does_not_agree_or_says_nonsense_does_not_take_part(
    folder: Path, about: dict[str, Any], where: str
) -> None:
    visitor = Visitor(folder)
    answer = visitor.ask("POST", "/join", {"key": visitor.study.key, "about": ABOUT | about})
    assert answer.status_code == 422
    assert where in answer.json()["error"]


def test_a_vote_before_the_clips_have_ended_is_refused(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.join()
    early = visitor.rate(1, 2, after_s=2.0)
    assert (early.status_code, early.json()["error"]) == (409, "watch both clips to their end first")
    assert visitor.rate(1, 2, after_s=2.0).json()["number"] == 2


def test_a_vote_counts_once_and_for_the_trial_that_is_shown(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.join()
    assert visitor.rate(2, 1).status_code == 409
    assert visitor.rate(1, 1).json() == visitor.rate(1, -3).json()
    assert [vote.score for vote in Store(folder / RESULTS).votes()] == [1]
    assert visitor.ask("POST", "/rating", {"number": 2, "score": 4}).status_code == 422


def test_after_a_restart_the_person_goes_on_where_they_were(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.join()
    visitor.rate(1, 1)
    visitor.restart()
    assert visitor.ask("GET", "/trial").json()["number"] == 2
    assert visitor.rate(2, 1).json()["number"] == 3


def test_who_is_slow_is_thanked_after_25_minutes(folder: Path) -> None:
    visitor = Visitor(folder)
    trial = visitor.join()
    rated = 0
    while trial["state"] != "done" and rated < 9:
        trial = visitor.rate(trial["number"], 1, after_s=3600).json()  # of which three minutes count
        rated += 1
    assert (trial["state"], rated) == ("done", 8)


def test_answers_are_deleted_when_the_person_asks_for_it(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.join()
    visitor.rate(1, 1)
    assert visitor.ask("POST", "/forget", {}).status_code == 200
    assert visitor.ask("GET", "/trial").status_code == 401
    assert Store(folder / RESULTS).people() == {}


def test_pairs_are_shared_out_among_people(tmp_path: Path) -> None:
    study = make_study(scenes=90)
    folder = write_small_study(tmp_path / "large", pairs=study.pairs, seconds=8.0)
    for seed in range(6):
        Visitor(folder, seed).join()
    asked = Store(folder / RESULTS).asked()
    assert len(asked) == 90
    assert max(asked.values()) - min(asked.values()) <= 1


def test_the_page_and_what_it_needs_are_served_to_everybody(folder: Path) -> None:
    visitor = Visitor(folder)
    page = visitor.ask("GET", "/").text
    needed = {"/", "/study", *(f"/{name}" for name in re.findall(r'(?:href|src)="([\w.-]+)"', page))}
    for script in STATIC.glob("*.js"):
        needed |= {f"/{name}" for name in re.findall(r'from "\./([\w.]+)"', script.read_text())} | {
            f"/{script.name}"
        }
    assert len(needed) > 8
    for path in needed:
        assert visitor.ask("GET", path, secret="").status_code == 200, path
    study = visitor.ask("GET", "/study").json()
    assert visitor.study.key not in str(study)
    assert study == {"id": study["id"], "title": "A study", "minutes": 25, "layout": "sequential"}
