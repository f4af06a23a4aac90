"""What a study has found: numbers, and the lines that `sharpkd mos report` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from vcam.opinion.screening import screen, used_votes
from vcam.opinion.statistics import Score, of_pair, order_effect, overall, pair_means
from vcam.opinion.store import Vote
from vcam.opinion.study import Study

LEAST_CONTROLLED, LEAST_PUBLIC = 24, 35  # people that P.910 asks for, in a laboratory and elsewhere


@dataclass(frozen=True)
class Report:
    """The results of a study.

    asked      people who have begun
    left_out   those whose votes are not used, with the reason
    votes      test votes that are used, in pairs of both orders
    cmos       how much better b is than a, over all scenes; None without votes
    scenes     the same for each scene
    order      how much more the second clip was liked than the first, whatever it was
    distance_cm  median of the viewing distances of those whose votes are used
    """

    asked: int
    left_out: Mapping[str, str]
    votes: int
    cmos: Score | None
    scenes: Mapping[str, Score]
    order: Score | None
    distance_cm: float | None


def make_report(
    study: Study, votes: Sequence[Vote], people: Mapping[str, Mapping[str, Any]], is_screened: bool = True
) -> Report:
    """The results; nobody is left out unless it is screened."""
    left_out = screen(votes, study) if is_screened else {}
    used = used_votes(votes, left_out)
    means = pair_means(used)
    scored = {pair.scene: of_pair(means, pair.id) for pair in study.of_kind("test")}
    distances = [float(about["distance_cm"]) for person, about in people.items() if person in means]
    return Report(
        len(people),
        left_out,
        2 * sum(map(len, means.values())),
        overall(means),
        {scene: score for scene, score in scored.items() if score is not None},
        order_effect(used),
        median(distances) if distances else None,
    )


def report_json(study: Study, report: Report) -> dict[str, object]:
    return {"title": study.title, "a": study.a, "b": study.b, "layout": study.layout, **asdict(report)}


def report_lines(study: Study, report: Report, folder: str) -> list[str]:
    """The report for people."""
    head = f"{study.title}: {study.b} compared with {study.a}, on P.910's scale of -3 to 3"
    if not report.asked:
        return [
            head,
            f"nobody has been asked yet; an address for people is printed by: sharpkd mos serve {folder}",
        ]
    lines = [head, _people(report)]
    lines += [f"  left out {person}: {reason}" for person, reason in sorted(report.left_out.items())]
    if report.cmos is None:
        return [*lines, "no pair was rated in both orders yet by somebody whose votes can be used"]
    lines += [f"CMOS {show(report.cmos)}, {report.votes} votes", *_scenes(report)]
    if report.order is not None:
        lines.append(
            f"order: what came second was rated {show(report.order)} higher; both orders cancel that"
        )
    if report.distance_cm is not None:
        lines.append(f"viewing distance, median: {report.distance_cm:.0f} cm")
    if report.cmos.people < LEAST_CONTROLLED:
        lines.append(
            f"{report.cmos.people} people are few: P.910 asks for {LEAST_CONTROLLED} in a laboratory, "
            f"{LEAST_PUBLIC} elsewhere"
        )
    return lines


def show(score: Score) -> str:
    """A score in words."""
    people = f"{score.people} {'person' if score.people == 1 else 'people'}"
    if score.low is None or score.high is None:
        alike = " of one opinion" if score.people > 1 else ""
        return f"{score.mean:+.2f} (no interval: {people}{alike})"
    return f"{score.mean:+.2f} (95%: {score.low:+.2f} to {score.high:+.2f}; {people})"


def _people(report: Report) -> str:
    used = report.cmos.people if report.cmos else 0
    return f"{report.asked} have begun, votes of {used} are used, {len(report.left_out)} left out"


def _scenes(report: Report) -> list[str]:
    if len(report.scenes) < 2:
        return []
    width = max(map(len, report.scenes))
    return [f"  {scene:{width}}  {show(score)}" for scene, score in report.scenes.items()]
