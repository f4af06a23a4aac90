"""From a recipe's [data] table to shards: which draw it names, where its shards lie, what is held back."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from distill.data.calls import CallClips
from distill.data.media import Media, list_media, split
from distill.data.pack import Draw, Samples, open_shards, pack_shards
from distill.recipe import Data
from vcam.errors import ConfigError, SourceError


@dataclass(frozen=True)
class Prepared:
    """What a run trains on and what it is validated on."""

    train: list[Samples]
    held: Samples


def _calls(data: Data, folders: Sequence[Path]) -> tuple[Draw, Draw]:
    def draw(media: Media) -> Draw:
        return CallClips(media, data.side, data.kept, data.frames)

    train, held = split(list_media(folders), data.holdout)
    return draw(train), draw(held)


# name -> the draws for training and for validation, of a data table and the folders that the user named
SOURCES: dict[str, Callable[[Data, Sequence[Path]], tuple[Draw, Draw]]] = {"calls": _calls}


def prepare(data: Data, folders: Sequence[Path], build: Path, workers: int) -> Prepared:
    """Make the shards of a data table below `build`, or find them.

    Recipes with equal tables and folders share them. Raises ConfigError for an unknown source, SourceError if
    there is nothing to train on.
    """
    if data.source not in SOURCES:
        raise ConfigError(f"no data source {data.source!r}; choose one of: {', '.join(SOURCES)}")
    train, held = SOURCES[data.source](data, folders)
    parts = {}
    for name, draw, count, seed in (
        ("train", train, data.shards, data.seed),
        ("held", held, data.held_shards, data.seed + 1),
    ):
        settings: dict[str, object] = {"data": asdict(data) | {"shards": 0}, "draw": repr(draw), "seed": seed}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
        folder = build / "pairs" / f"{data.source}-{name}-{digest}"
        making = pack_shards(draw, folder, count, seed, settings, workers)
        parts[name] = open_shards(sorted(tqdm(making, f"{data.source}, {name}", count, unit="shard")))
    if not parts["train"] or not parts["held"]:
        raise SourceError("no file could be read as a picture or a clip; check the folders named by DATA")
    held_samples = Samples(
        np.concatenate([part.clips for part in parts["held"]]),
        np.concatenate([part.kinds for part in parts["held"]]),
    )
    return Prepared(parts["train"], held_samples)
