"""What each recipe's teacher is worth: runs with and without it, all else equal."""

from collections.abc import Sequence
from pathlib import Path

from distill.report.ablation import Ablation, Run, compare, read_ablation, with_spread
from distill.report.markdown import NOTHING, signed, span, table

FOLDER = "taught"  # of ablations, one a recipe, below the folder of runs
COMMAND = """\
python -m distill ablate --recipe NAME --variants "the recipe without its teachers" \\
    "the recipe with its teachers" --out taught/NAME"""
RULE = f"""\
Each recipe with and without its teachers, equal iterations from nothing, all else equal, seed by seed:

```
{COMMAND}
```

The gain is over the input on the recipe's own held-out pairs, in PSNR of the planes that it learns. The runs
are short: they say what a teacher is worth at first."""
HEADER = (
    "recipe",
    "teachers",
    "iterations",
    "seeds",
    "without, dB",
    "with, dB",
    "difference ± sd",
    "verdict",
)


def read_taught(folder: Path) -> Sequence[Ablation]:
    """The ablations of a folder by file name; none without it. Raises ModelError if one is invalid.

    One that was aborted before a seed had both variants is left out.
    """
    found = [read_ablation(path) for path in sorted(folder.glob("*.json"))]
    return [each for each in found if each is not None and _paired(each.runs)]


def section(ablations: Sequence[Ablation]) -> str:
    """A table with a row a recipe, and how it was made."""
    return f"{RULE}\n\n{table(HEADER, [_row(each) for each in ablations], left=(0, 1, 7))}"


def _row(ablation: Ablation) -> list[str]:
    runs = _paired(ablation.runs)
    without, *_, taught = compare(runs)
    return [
        str(ablation.settings.get("recipe", NOTHING)),
        ", ".join(ablation.settings.get("teachers", [])),
        span(run.iterations for run in runs),
        str(taught.seeds),
        signed(without.gain_db, 3),
        signed(taught.gain_db, 3),
        with_spread(signed(taught.difference_db, 3), taught.difference_spread_db),
        taught.verdict,
    ]


def _paired(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs of the seeds that both variants have: an aborted ablation has one run more of the first.

    None if only one variant has run.
    """
    variants = {run.variant for run in runs}
    if len(variants) < 2:
        return []
    return [run for run in runs if {each.variant for each in runs if each.seed == run.seed} == variants]
