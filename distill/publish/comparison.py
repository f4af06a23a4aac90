"""A model judged beside the published one, on the same held-out clips."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from distill.publish.gate import Fault
from distill.publish.judgement import Judge, Judgement
from vcam.manifest import ModelSpec
from vcam.restore import Engine, Model

LOOK_PREFIXES = ("", "crisp_")  # of the keys of the scores in the manifest


class Compared(NamedTuple):
    """The judgements of a candidate's looks and of the published model's, the faithful look first.

    old   empty if there is no published model
    """

    new: list[Judgement]
    old: list[Judgement]

    def measured(self) -> dict[str, float]:
        """The scores for the manifest, and those of the model that is replaced, on the same clips."""
        scores: dict[str, float] = {}
        for prefix, judgement in zip(LOOK_PREFIXES, self.new, strict=False):
            scores |= {f"{prefix}{key}": value for key, value in judgement.summary().items()}
        for prefix, judgement in zip(LOOK_PREFIXES, self.old, strict=False):
            scores[f"replaced_{prefix}psnr_gain"] = round(judgement.psnr_gain, 4)
        return scores


def compare(judge: Judge, new: Model, old: Model | None, name: str) -> Compared:
    """Judge every look of a candidate and of the published model, and print their scores.

    old    None if there is no published model
    name   what the candidate is called in print

    Raises SourceError if no held-out file is readable.
    """
    found = Compared(judge.looks(new), judge.looks(old) if old else [])
    for whose, judgements in ((name, found.new), ("published", found.old)):
        for judgement in judgements:
            print_scores(whose, judgement)
    return found


def open_model(spec: ModelSpec, folder: Path) -> Model:
    """A published or staged model, as it is judged: on the CPU."""
    return Model(spec, folder, Engine("cpu"))


def print_scores(whose: str, found: Judgement) -> None:
    """Print one look's scores in a line."""
    print(f"{whose}, {found.look}: {json.dumps(found.summary())}")


def print_excused(faults: Sequence[Fault]) -> None:
    """Print the faults for which a model is published all the same."""
    for fault in faults:
        print(f"excused, since the published model is worse: {fault.text}")
