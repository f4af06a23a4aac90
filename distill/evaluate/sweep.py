"""Compare all contenders on the same frames of the same clips under the same degradations.

Scores are cached immediately in rows.jsonl beside the results, under a hash of contender, clip, degradation
and settings: a killed run resumes, and unchanged cases are not run again. Two sweeps of different contenders
may write to one folder at the same time; a third sweep of all of them then only collects the results. The
results file is described in distill.evaluate.results.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from distill.damage.degradation import Degradation
from distill.evaluate.clips import Specimen, scored_indices
from distill.evaluate.contenders import Contender
from distill.evaluate.machine import describe_machine
from distill.evaluate.results import Results, Speed, Summary, SweepRow, write_results
from distill.evaluate.rows import Case, Settings, make_row
from distill.evaluate.scores import Scores, append_scores, read_scores, score
from distill.evaluate.significance import summarise
from vcam.errors import ConfigError
from vcam.frame import Frame

INPUT = "bicubic"  # the contender that gains are relative to
ROWS_FILE, RESULTS_FILE = "rows.jsonl", "sweep.json"

Sets = Mapping[str, Mapping[str, Degradation]]  # set -> label -> degradation


def sweep(
    contenders: Sequence[Contender],
    specimens: Sequence[Specimen],
    sets: Sets,
    settings: Settings,
    out: Path,
    threads: int,
    speed: Sequence[Speed] = (),
) -> Results:
    """Compare the contenders and write `out`/sweep.json; returns its content.

    contenders   one of them is "bicubic"
    sets         the degradations, by set; each label is in one set only
    threads      that the contenders were opened with, for the record
    speed        timings to include in the results

    Raises ConfigError if two contenders share a name, ModelError if VMAF is wanted and cannot be computed.
    """
    _check_names(contenders)
    cases = [
        Case(specimen, label, degradation, settings)
        for specimen in specimens
        for degradations in sets.values()
        for label, degradation in degradations.items()
    ]
    rows = list(_rows(contenders, cases, out / ROWS_FILE))
    labels = {name: list(degradations) for name, degradations in sets.items()}
    results = Results(
        settings={**asdict(settings), "sets": labels},
        machine=describe_machine(threads),
        contenders=[
            {"name": each.name, "kind": each.kind, "title": each.title, "key": each.key}
            for each in contenders
        ],
        rows=rows,
        summary=list(_summaries(rows, labels)),
        speed=list(speed),
    )
    write_results(results, out / RESULTS_FILE)
    return results


def _check_names(contenders: Sequence[Contender]) -> None:
    names = [contender.name for contender in contenders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"two contenders are named {twice[0]!r}; leave one out, or rename its file")
    if INPUT not in names:
        raise ConfigError(f"no contender {INPUT!r}, which gains are relative to; include it")


def _rows(contenders: Sequence[Contender], cases: Sequence[Case], kept: Path) -> Iterator[SweepRow]:
    known = read_scores(kept)
    opened: tuple[str, list[Frame]] = ("", [])  # the last clip: its degradations follow each other
    for case in tqdm(cases, "sweep", unit="clip"):
        wanted = _wanted(contenders, case)
        missing = {key: each for key, each in wanted.items() if key not in known}
        if missing:
            if opened[0] != case.specimen.key:
                opened = (case.specimen.key, case.specimen.read())
            for key, scores in _score_all(missing, case, opened[1]):
                known[key] = scores
                append_scores(kept, key, scores)
        untouched = next(each for each in contenders if each.name == INPUT)
        for contender in contenders:
            own = case.of(contender)
            yield make_row(contender, own, known[own.key(contender)], known[own.key(untouched)])


def _wanted(contenders: Sequence[Contender], case: Case) -> dict[str, tuple[Contender, Case]]:
    """What must be scored, by key: each contender, and the input on the frames of the slow ones, too."""
    untouched = next(each for each in contenders if each.name == INPUT)
    pairs = [(each, case.of(each)) for each in contenders]
    pairs += [(untouched, own) for _, own in pairs]
    return {own.key(each): (each, own) for each, own in pairs}


def _score_all(
    missing: Mapping[str, tuple[Contender, Case]], case: Case, truth: Sequence[Frame]
) -> Iterator[tuple[str, Scores]]:
    settings = case.settings
    seen = case.degradation.apply(truth, np.random.default_rng(settings.seed))
    for key, (contender, own) in missing.items():
        scored = scored_indices(len(truth), own.specimen.scored, settings.first)
        places = [place for index in scored for place in (index, index + 1)]
        true = case.degradation.truth([truth[place] for place in places])
        restored = list(contender.restore(seen, truth[0].size, places))
        yield key, score(restored, true, settings.vmaf)


def _summaries(rows: Sequence[SweepRow], sets: Mapping[str, Sequence[str]]) -> Iterator[Summary]:
    """Summaries of each contender on each content: per set, then per degradation."""
    groups = {**sets, **{label: [label] for labels in sets.values() for label in labels}}
    for contender in dict.fromkeys(row.contender for row in rows):
        for content in dict.fromkeys(row.content for row in rows):
            for group, labels in groups.items():
                chosen = [
                    row
                    for row in rows
                    if (row.contender, row.content) == (contender, content) and row.degradation in labels
                ]
                if chosen and contender != INPUT:
                    yield summarise(chosen, group)
