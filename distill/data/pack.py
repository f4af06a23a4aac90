"""Shards: samples made once, by all cores, then mapped into memory for as many epochs as it takes."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vcam.errors import SourceError

SAMPLES_A_SHARD = 32
ATTEMPTS = 4  # draws for one sample: unreadable files are passed over, not waited for

Clips = npt.NDArray[np.uint8]  # (N, T, 2, C, S, S): N clips of T frames; side 0 degraded, side 1 true
Kinds = npt.NDArray[np.uint8]  # (N,): each clip's degradation, an index of distill.degrade.KINDS


@dataclass(frozen=True)
class Samples:
    """What one draw gives: clips, and the kind of damage of each."""

    clips: Clips
    kinds: Kinds


Draw = Callable[[np.random.Generator], Samples]  # picklable: it is sent to the workers


def no_samples(shape: Sequence[int]) -> Samples:
    """What a draw returns that found nothing; `shape` is one clip's."""
    return Samples(np.empty((0, *shape), np.uint8), np.empty(0, np.uint8))


def pack_shards(
    draw: Draw, folder: Path, count: int, seed: int, settings: dict[str, object], workers: int = 1
) -> Iterator[Path]:
    """Make `count` shards in `folder`, yielding each path as it is ready; existing ones are kept.

    A shard depends on `draw`, the seed and its number alone. `settings` say what the draw depends on: a
    folder made with others is refused with a SourceError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder, settings)
    paths = [folder / f"{number:05d}.npy" for number in range(count)]
    missing = [_Order(draw, path, seed) for path in paths if not path.exists()]
    yield from (path for path in paths if path.exists())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_pack_shard, missing)


def open_shards(paths: Sequence[Path]) -> list[Samples]:
    """Map shards into memory; empty ones are left out."""
    shards = [Samples(np.load(path, mmap_mode="r"), np.load(_kinds_path(path))) for path in paths]
    return [shard for shard in shards if len(shard.clips)]


def _kinds_path(path: Path) -> Path:
    return path.with_suffix(".kinds.npy")


def _check_settings(folder: Path, settings: dict[str, object]) -> None:
    record = folder / "settings.json"
    if record.exists():
        if json.loads(record.read_text()) != settings:
            raise SourceError(f"{folder} holds pairs made from other data; remove it to make new ones")
        return
    temporary = record.with_suffix(".tmp")
    temporary.write_text(json.dumps(settings))
    os.replace(temporary, record)


@dataclass(frozen=True)
class _Order:
    """What a worker needs to know to make one shard."""

    draw: Draw
    path: Path
    seed: int


def _pack_shard(order: _Order) -> Path:
    cv2.setNumThreads(1)
    rng = np.random.default_rng([order.seed, int(order.path.stem)])
    made: list[Samples] = []
    for _ in range(SAMPLES_A_SHARD * ATTEMPTS):
        made.append(order.draw(rng))
        if sum(len(part.kinds) for part in made) >= SAMPLES_A_SHARD:
            break
    clips = np.concatenate([part.clips for part in made])
    kinds = np.concatenate([part.kinds for part in made])
    for path, array in ((_kinds_path(order.path), kinds), (order.path, clips)):
        temporary = path.with_suffix(".tmp.npy")
        np.save(temporary, array)
        os.replace(temporary, path)
    return order.path
