"""Tables of the votes: one for everybody, and those that the crowdsourcing toolkit for P.910 reads.

The toolkit is github.com/microsoft/P.910; its `result_parser.py --method ccr` reads `answers.csv` with
`result_parser.cfg`, and `rating_clips.csv` is its list of the clips. It wants the same number of questions in
each row: a row has one test vote and one gold question of the same person.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from vcam.errors import SinkError
from vcam.opinion.screening import GOLD_STEP
from vcam.opinion.store import Vote
from vcam.opinion.study import Pair, Study
from vcam.partial import make_partial

Row: TypeAlias = Mapping[str, object]

ADDRESS = "https://study.invalid/"  # the toolkit knows clips by addresses; nothing is fetched


def export(
    folder: Path,
    study: Study,
    votes: Sequence[Vote],
    left_out: Mapping[str, str],
    people: Mapping[str, Mapping[str, Any]],
) -> list[Path]:
    """Write all tables into a folder and return their paths. Raises SinkError.

    left_out  people whose votes are not used: `votes.csv` says so, the toolkit's tables leave them out
    people    what they said of screen and eyes
    """
    used = [vote for vote in votes if vote.person not in left_out]
    texts = {
        "votes.csv": _table(_vote_row(study, vote, left_out) for vote in votes),
        "people.csv": _table({"person": id, **_flat(about)} for id, about in people.items()),
        "answers.csv": _table(_answers(study, used)),
        "rating_clips.csv": _table(_clips(study)),
        "result_parser.cfg": _settings(len(used)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        raise SinkError(f"cannot write to {folder}: {error.strerror}; name another --out") from None


def _vote_row(study: Study, vote: Vote, left_out: Mapping[str, str]) -> Row:
    pair = study.pair(vote.pair)
    return {
        "person": vote.person,
        "number": vote.number,
        "kind": vote.kind,
        "clip": pair.clip,
        "link": pair.link,
        "a": study.a,
        "b": study.b,
        "shown": vote.shown,
        "score": vote.score,
        "b_over_a": vote.b_over_a,
        "expected": "" if pair.expected is None else pair.expected,
        "seconds": round(vote.seconds, 1),
        "replays": vote.replays,
        "width_px": vote.width_px,
        "used": int(vote.person not in left_out),
    }


def _answers(study: Study, votes: Sequence[Vote]) -> Iterator[Row]:
    """The toolkit's rows. Votes are turned to "b over a", so that all have the order "rp", a being first."""
    golds: dict[str, list[Vote]] = {}
    for vote in votes:
        if vote.kind == "gold":
            golds.setdefault(vote.person, []).append(vote)
    for index, vote in enumerate(vote for vote in votes if vote.kind == "test"):
        checks = golds.get(vote.person)
        if not checks:
            continue  # who left before the first gold question
        gold = checks[index % len(checks)]
        address, expected = _address(study, study.pair(gold.pair)), study.pair(gold.pair).expected
        yield {
            "WorkerId": vote.person,
            "HITId": vote.pair,
            "AssignmentId": f"{vote.person}-{vote.number}",
            "AssignmentStatus": "Submitted",
            "Input.gold_clips": address,
            "Input.gold_clips_ans": expected,
            "Input.tp": address,
            "Input.tp_ans": expected,
            **_question("q1", study, vote),
            **_question("q2", study, gold),
        }


def _question(name: str, study: Study, vote: Vote) -> Row:
    times = 1 + vote.replays
    return {
        f"Answer.{name}": vote.b_over_a,
        f"Answer.{name}_order": "rp",
        f"Answer.{name}_shown": vote.shown,
        f"Answer.{name}_url": _address(study, study.pair(vote.pair)),
        f"Answer.video_n_finish_{name}": times,
        f"Answer.video_duration_{name}": study.seconds,
        f"Answer.video_play_duration_{name}": round(study.seconds * times, 3),
    }


def _clips(study: Study) -> Iterator[Row]:
    for pair in study.of_kind("test"):
        yield {"pvs": _address(study, pair), "src": _address(study, pair, is_reference=True)}


def _address(study: Study, pair: Pair, is_reference: bool = False) -> str:
    """The clip's name for the toolkit: study.invalid/ID_CLIP__LINK__SYSTEM.webm."""
    system = study.a if is_reference else study.b if pair.kind == "test" else pair.kind
    return f"{ADDRESS}{pair.id}_{quote(pair.clip)}__{quote(pair.link)}__{quote(system)}.webm"


def _settings(votes: int) -> str:
    """The toolkit's configuration: it leaves nothing out, since the votes were screened here."""
    settings = ConfigParser(interpolation=None)
    settings["general"] = {
        "number_of_questions_in_rating": "2",
        "expected_votes_per_file": "24",
        "scale": "7",
        "condition_pattern": r".*__(?P<link>.+)__.*\.webm",
        "condition_keys": "link",
    }
    settings["trapping"] = {"url_found_in": "input.tp", "ans_found_in": "input.tp_ans"}
    settings["gold_question"] = {
        "url_found_in": "input.gold_clips",
        "ans_found_in": "input.gold_clips_ans",
        "variance": str(GOLD_STEP),
    }
    settings["acceptance_criteria"] = {
        "all_video_played_equal": "1",
        "correct_matrix_bigger_equal": "0",
        "correct_tps_bigger_equal": "0",
        "allowedmaxhitsinproject": str(votes + 1),
    }
    settings["accept_and_use"] = {
        "variance_bigger_equal": "0",
        "gold_standard_bigger_equal": "0",
        "viewing_duration_over": "1000",
    }
    settings["bonus"] = {
        "quantity_hits_more_than": "1000000",
        "quantity_bonus": "0",
        "quality_top_percentage": "0",
        "quality_bonus": "0",
        "quality_min_pcc": "0.7",
    }
    text = io.StringIO()
    settings.write(text)
    return text.getvalue()


def _flat(about: Mapping[str, Any]) -> dict[str, object]:
    return {
        key: "x".join(map(str, value)) if isinstance(value, list) else value for key, value in about.items()
    }


def _table(rows: Iterator[Row]) -> str:
    """CSV with a header; empty without rows."""
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, list(row))
            writer.writeheader()
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    return text.getvalue()


def _harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    is_formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
    return f"'{value}" if is_formula else value


def _write(path: Path, text: str) -> Path:
    partial = make_partial(path)
    partial.write_text(text)
    partial.replace(path)
    return path
