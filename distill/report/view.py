"""Lookups in the results of a sweep, for tables and plots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from distill.evaluate.results import CONTENDER_KINDS, Results, Speed, Summary, SweepRow
from distill.report.records import Record
from distill.report.served import Served
from vcam.errors import SourceError

INPUT = "bicubic"  # the contender that gains are relative to
CALLS = "calls"
NAMED, WEBCAM, DIM, CLEAN = "named", "webcam", "L", "clean"  # sets of degradations
SETTINGS, ENTRY = (
    ("sets", "first", "seed"),
    ("name", "kind", "title"),
)  # keys that a sweep's results must have
MACHINE = ("commit", "cpu", "cores", "threads", "system", "versions")
PUBLISHED = "Published systems, reproduced"
GROUPS = ("Shipped students", "Students not shipped", "Teachers", PUBLISHED, "Peers", "Filters")


@dataclass(frozen=True)
class Contender:
    """A contender, with the group that it is listed under."""

    name: str
    kind: str  # one of distill.evaluate.results.CONTENDER_KINDS
    title: str
    group: str  # one of GROUPS


@dataclass(frozen=True)
class View:
    """Lookups in the results of one sweep; None if not measured."""

    results: Results
    contenders: Sequence[Contender]  # all but the input, in the order of GROUPS
    served: Served | None = None  # how restoration over HTTP answered

    @property
    def sets(self) -> Mapping[str, Sequence[str]]:
        """The degradations of each set."""
        sets: Mapping[str, Sequence[str]] = self.results.settings["sets"]
        return sets

    @property
    def main(self) -> str:
        """The set that contenders are compared by: D1 to D5 if they were run, else the first."""
        return NAMED if NAMED in self.sets else next(iter(self.sets))

    @property
    def main_title(self) -> str:
        """The main set in words."""
        return "D1 to D5" if self.main == NAMED else f"the set {self.main}"

    @property
    def clips(self) -> list[str]:
        """The clips of calls."""
        return list(dict.fromkeys(row.clip for row in self.results.rows if row.content == CALLS))

    @property
    def contents(self) -> list[str]:
        return list(dict.fromkeys(row.content for row in self.results.rows))

    def summary(self, contender: str, group: str, content: str = CALLS) -> Summary | None:
        """A contender's gain under a set, or under one degradation."""
        wanted = (contender, group, content)
        found = (
            each for each in self.results.summary if (each.contender, each.group, each.content) == wanted
        )
        return next(found, None)

    def gain(self, contender: str, group: str, content: str = CALLS) -> float | None:
        """PSNR-Y gain in dB; 0 for the input."""
        if contender == INPUT:
            return 0.0
        found = self.summary(contender, group, content)
        return None if found is None else found.gain_db

    def rows(self, contender: str, labels: Iterable[str], content: str = CALLS) -> list[SweepRow]:
        chosen = set(labels)
        return [
            row
            for row in self.results.rows
            if (row.contender, row.content) == (contender, content) and row.degradation in chosen
        ]

    def mean(self, contender: str, figure: str, group: str | None = None) -> float | None:
        """The mean of a metric over the calls under a set (default: the main one); None if a row lacks it."""
        rows = self.rows(contender, self.sets.get(group or self.main, ()))
        values = [getattr(row, figure) for row in rows]
        return None if not values or None in values else fmean(values)

    def speed(self, contender: str, size: str) -> Speed | None:
        """The timing at an output size ("1280x720"), with the most threads if there are several."""
        found = [each for each in self.results.speed if (each.contender, each.size) == (contender, size)]
        return max(found, key=lambda each: each.threads, default=None)

    def ms(self, contender: str, size: str) -> float | None:
        found = self.speed(contender, size)
        return None if found is None else found.ms

    def of_group(self, group: str) -> list[Contender]:
        """The contenders of a group, the greatest gain first."""
        chosen = [each for each in self.contenders if each.group == group]
        return sorted(chosen, key=lambda each: -(self.gain(each.name, self.main) or 0.0))

    def best(self, group: str) -> Contender | None:
        return next(iter(self.of_group(group)), None)


def make_view(results: Results, records: Mapping[str, Record], served: Served | None = None) -> View:
    """Sort a sweep's contenders into groups; a recipe whose record has claims is a published system.

    Raises SourceError if the results lack what the report needs.
    """
    _check(results)
    found = [
        Contender(each["name"], each["kind"], each["title"], _group(each, records))
        for each in results.contenders
        if each["name"] != INPUT
    ]
    return View(results, sorted(found, key=lambda each: GROUPS.index(each.group)), served)


def _check(results: Results) -> None:
    lacking = sorted(
        [f"settings.{key}" for key in SETTINGS if key not in results.settings]
        + [f"machine.{key}" for key in MACHINE if key not in results.machine]
        + [f"{each}'s {key}" for each in results.contenders for key in ENTRY if key not in each]
        + ["rows"] * (not results.rows)
    )
    if lacking:
        raise SourceError(
            f"the sweep's results lack {', '.join(lacking)}; run: python -m distill sweep CLIPS"
        )
    known = {each["kind"] for each in results.contenders}
    if unknown := sorted(known - set(CONTENDER_KINDS)):
        raise SourceError(
            f"the sweep has a contender of kind {unknown[0]!r}, expected one of {CONTENDER_KINDS}"
        )


def _group(entry: Mapping[str, str], records: Mapping[str, Record]) -> str:
    groups = {"shipped": GROUPS[0], "teacher": GROUPS[2], "peer": GROUPS[4], "filter": GROUPS[5]}
    if entry["kind"] != "recipe":
        return groups[entry["kind"]]
    record = records.get(entry["name"])
    return PUBLISHED if record and record.claims else GROUPS[1]
