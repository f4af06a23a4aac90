"""From a recipe's [data] table to shards: which draw it names, where its shards lie, what is held back."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

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
from distill.data.parts import Parts, calls, celeba, cifar10, div2k, paired, scenes, stills, webcam
from distill.recipe import Data
from vcam.errors import ConfigError, SourceError

MOST_NAMED = 10  # skipped files


@dataclass(frozen=True)
class Prepared:
    """What a run trains on and what it is validated on."""

    train: list[Samples]
    held: Samples
    origin: str = ""  # of what it was made, for the record


# name -> the parts for training and for validation, of a data table and the folders that the user named
SOURCES: dict[str, Callable[[Data, Sequence[Path]], Parts]] = {
    "calls": calls,
    "webcam": webcam,
    "scenes": scenes,
    "stills": stills,
    "paired": paired,
    "celeba": celeba,
    "div2k": div2k,
    "cifar10": cifar10,
}


def prepare(
    data: Data, folders: Sequence[Path], build: Path, workers: int, log: Callable[[str], None] = print
) -> Prepared:
    """Make the shards of a data table below `build`, or find them.

    Recipes with equal tables and folders share them. Files that cannot be read are named once. Raises
    ConfigError for an unknown source, SourceError if there is nothing to train on.
    """
    if data.source not in SOURCES:
        raise ConfigError(f"no data source {data.source!r}; choose one of: {', '.join(SOURCES)}")
    parts = SOURCES[data.source](data, folders)
    log(f"data: {parts.origin}")
    places = (
        ("train", parts.train, data.shards, data.seed),
        ("held", parts.held, data.held_shards, data.seed + 1),
    )
    train, held = (_pack(data, *place, build, workers) for place in places)
    report(parts.alone, "files without their partner", log)
    report(list_skipped([*train, *held]), "unreadable files", log)
    samples, held_samples = open_shards(train), open_shards(held)
    if not samples or not held_samples:
        raise SourceError("no file could be read as a picture or a clip; check the folders named by DATA")
    return Prepared(samples, join_samples(held_samples), parts.origin)


def report(names: Sequence[str], what: str, log: Callable[[str], None]) -> None:
    """Say how many files were skipped and which, in one line; nothing if none was."""
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        log(f"skipped {len(names)} {what}: {', '.join(names[:MOST_NAMED])}{more}")


def _pack(
    data: Data, name: str, part: Draw | Whole, count: int, seed: int, build: Path, workers: int
) -> list[Path]:
    # a key that is left empty changes nothing: shards made before there was such a key are still good
    table = {key: value for key, value in asdict(data).items() if value != "" and value is not False}
    table.pop("stand_in", None)
    settings: dict[str, object] = {"data": table | {"shards": 0}, "draw": repr(part), "seed": seed}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
    folder = build / "pairs" / f"{data.source}-{name}-{digest}"
    if isinstance(part, Whole):
        return [pack_whole(part, folder, settings)]
    making = pack_shards(part, folder, count, seed, settings, workers)
    return sorted(tqdm(making, f"{data.source}, {name}", count, unit="shard"))
