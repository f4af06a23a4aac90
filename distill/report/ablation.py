"""Ablation results: whether a part of a recipe helps, from runs with and without it, several seeds each.

A variant is compared with the base seed by seed, because the seed determines initial weights and the order of
samples. It helps, or hurts, if the mean difference is more than two standard deviations from zero; with three
seeds that is a cautious rule of thumb, not a test of significance.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from distill.report.markdown import NOTHING, plain, signed, table
from vcam.errors import ModelError

HELPS, HURTS, SAME, UNKNOWN = "helps", "hurts", "no difference within 2 sd", "one seed: no verdict"
REMEDY = "run: python -m distill ablate"
RULE = """\
`python -m distill ablate` trains each variant with the same seeds ({settings}). The gain is over the input,
on held-out pairs: mean and standard deviation over seeds. Differences are taken seed by seed; a variant
*helps* or *hurts* if their mean is more than two standard deviations from zero."""


@dataclass(frozen=True)
class Run:
    """One variant trained with one seed."""

    variant: str
    seed: int
    iterations: int
    gain_db: float
    clean_db: float
    seconds: float


@dataclass(frozen=True)
class Ablation:
    """All runs; the first one's variant is the base of the comparison.

    settings  of the runs, as `ablate` was told: its recipe and teachers, iterations, batch and crop
    """

    runs: Sequence[Run]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """One variant against the base; a spread is a standard deviation over seeds, None for a single seed."""

    variant: str
    seeds: int
    gain_db: float
    gain_spread_db: float | None
    difference_db: float | None  # to the base on the same seeds; None for the base itself
    difference_spread_db: float | None
    clean_db: float
    verdict: str


def read_ablation(path: Path) -> Ablation | None:
    """Read the results of `python -m distill ablate`; None without the file, ModelError if it is invalid."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = Run.__dataclass_fields__
        runs = [Run(**{name: row[name] for name in names}) for row in content["rows"]]
        return Ablation(runs, content.get("settings", {})) if runs else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a valid ablation file: {error!r}; {REMEDY}") from None


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """Compare each variant with the first one, in the order of the runs."""
    variants: dict[str, dict[int, Run]] = defaultdict(dict)
    for run in runs:
        variants[run.variant][run.seed] = run
    base = runs[0].variant
    return [_compare(name, by_seed, variants[base], name == base) for name, by_seed in variants.items()]


def _compare(name: str, runs: Mapping[int, Run], base: Mapping[int, Run], is_base: bool) -> Comparison:
    gains = [run.gain_db for run in runs.values()]
    pairs = [run.gain_db - base[seed].gain_db for seed, run in runs.items() if seed in base]
    difference = fmean(pairs) if pairs and not is_base else None
    spread = stdev(pairs) if len(pairs) > 1 and not is_base else None
    return Comparison(
        variant=name,
        seeds=len(runs),
        gain_db=fmean(gains),
        gain_spread_db=stdev(gains) if len(gains) > 1 else None,
        difference_db=difference,
        difference_spread_db=spread,
        clean_db=fmean(run.clean_db for run in runs.values()),
        verdict="the base" if is_base else judge(difference, spread),
    )


def judge(difference_db: float | None, spread_db: float | None) -> str:
    """The verdict on a mean difference in dB with its standard deviation over seeds."""
    if difference_db is None or spread_db is None:
        return UNKNOWN
    if abs(difference_db) <= 2 * spread_db:
        return SAME
    return HELPS if difference_db > 0 else HURTS


def section(ablation: Ablation | None) -> str:
    """The comparison as Markdown, with the rule and the settings."""
    if ablation is None:
        return f"None was run. To {REMEDY}."
    settings = ", ".join(f"{key} {value}" for key, value in ablation.settings.items())
    rows = [
        [
            each.variant,
            str(each.seeds),
            with_spread(signed(each.gain_db, 3), each.gain_spread_db),
            with_spread(signed(each.difference_db, 3), each.difference_spread_db),
            plain(each.clean_db, 1),
            each.verdict,
        ]
        for each in compare(ablation.runs)
    ]
    header = ["variant", "seeds", "gain, dB ± sd", "difference to the base ± sd", "clean, dB", "verdict"]
    return f"{RULE.format(settings=settings)}\n\n{table(header, rows, left=(0, 5))}"


def with_spread(text: str, spread: float | None) -> str:
    """A mean with its standard deviation over seeds, if there are several."""
    return text if spread is None or text == NOTHING else f"{text} ± {spread:.3f}"
