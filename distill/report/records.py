"""Results of the recipes' own runs: weights/recipes/NAME.json, written by distill.publish.reproduction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from distill.recipe import Claim
from vcam.errors import ModelError

Scores = Mapping[str, float | None]
READ = {
    "claims",
    "pictures",
    "own",
    "curve",
    "losses",
    "distillation",
}  # fields that need conversion
LATER = {"planned", "core_seconds", "sittings", "machine"}  # not in older records
SIDES = ("input", "output", "teacher", "against_teacher")


@dataclass(frozen=True)
class Record:
    """One recipe's network and its scores on its held-out samples.

    own   the existing scores of SIDES: of the input, the output and the first teacher's output against the
          truth, and of the output against the teacher's output
    curve  iteration and gain in dB of each validation
    """

    name: str
    title: str
    kind: str  # "student" or "teacher"
    parameters: int
    macs_per_pixel: float
    data: str
    iterations: int
    seconds: float
    commit: str
    claims: Sequence[Claim]
    pictures: int
    own: Mapping[str, Scores]
    curve: Sequence[tuple[int, float]]
    losses: Mapping[str, float] = field(default_factory=dict)  # by weight
    distillation: Mapping[str, float] = field(default_factory=dict)
    planned: int | None = None  # iterations of the whole schedule; None: those that it has had
    core_seconds: float | None = None  # of processor time; None in older records
    sittings: int = 1
    machine: str = ""

    def own_gain(self, metric: str) -> float | None:
        """Difference of the output's and the input's score, if both are known."""
        before, after = self.own["input"].get(metric), self.own["output"].get(metric)
        return None if before is None or after is None else after - before


def read_records(folder: Path) -> dict[str, Record]:
    """The records of a folder by name; empty if there is no such folder.

    Raises ModelError if a file is not a valid record.
    """
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stem)
    return {record.name: record for record in map(_read, paths)}


def _read(path: Path) -> Record:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {spot.name for spot in fields(Record)} - READ - LATER
        own = content["own"]
        return Record(
            **{name: content[name] for name in known},
            claims=tuple(Claim(**claim) for claim in content["claims"]),
            pictures=own["pictures"],
            own={side: _scores(own[side]) for side in SIDES if own.get(side)},
            losses=dict(content.get("losses", {})),
            distillation=dict(content.get("distillation", {})),
            **{name: content[name] for name in LATER if name in content},
            curve=[(int(iteration), float(gain)) for iteration, gain in content["curve"]],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is not a valid record of a recipe: {error!r}; "
            f"run: python -m distill run --recipe {path.stem}"
        ) from None


def _scores(content: Mapping[str, Any]) -> Scores:
    return {name: None if value is None else float(value) for name, value in content.items()}
