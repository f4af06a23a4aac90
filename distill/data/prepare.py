"""Make the shards of a recipe's [data] table, or find those that were made before."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from distill.data.media import stamp
from distill.data.pack import (
    Draw,
    Samples,
    Whole,
    join_samples,
    list_skipped,
    open_shards,
    pack_shards,
    pack_whole,
)
from distill.data.splits import Split
from distill.recipe import Data
from vcam.errors import SourceError

MOST_NAMED = 10  # skipped files listed by name


@dataclass(frozen=True)
class Prepared:
    """The training shards and the held-out samples of a run."""

    train: list[Samples]
    held: Samples
    origin: str = ""  # description of the data, for the record


def prepare(
    data: Data, split: Split, build: Path, workers: int, log: Callable[[str], None] = print
) -> Prepared:
    """Make the shards of a data table below `build`, or find them there.

    Recipes with equal tables and splits share shards. Unreadable files are reported once. Raises SourceError
    if there is nothing to train on.
    """
    log(f"data: {split.origin}")
    places = (
        ("train", split.train, data.shards, data.seed),
        ("held", split.held, data.held_shards, data.seed + 1),
    )
    train, held = (_pack(data, *place, build, workers) for place in places)
    report(split.alone, "files without their partner", log)
    report(list_skipped([*train, *held]), "unreadable files", log)
    samples, held_samples = open_shards(train), open_shards(held)
    if not samples or not held_samples:
        raise SourceError("no file could be read as a picture or a clip; check the folders named by DATA")
    return Prepared(samples, join_samples(held_samples), split.origin)


def report(names: Sequence[str], what: str, log: Callable[[str], None]) -> None:
    """Report the skipped files, their number and the first names, in one line; nothing if there are none."""
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        log(f"skipped {len(names)} {what}: {', '.join(names[:MOST_NAMED])}{more}")


def _pack(
    data: Data, name: str, part: Draw | Whole, count: int, seed: int, build: Path, workers: int
) -> list[Path]:
    # empty keys are left out of the digest, so that shards made before a key existed are still found
    table = {key: value for key, value in asdict(data).items() if value != "" and value is not False}
    table.pop("stand_in", None)
    settings: dict[str, object] = {"data": table | {"shards": 0}, "draw": repr(part), "seed": seed}
    if files := stamp(part):
        settings["files"] = files
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
    folder = build / "pairs" / f"{data.source}-{name}-{digest}"
    if isinstance(part, Whole):
        return [pack_whole(part, folder, settings)]
    making = pack_shards(part, folder, count, seed, settings, workers)
    return sorted(tqdm(making, f"{data.source}, {name}", count, unit="shard"))
