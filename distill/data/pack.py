"""Shards: samples that are made once, in parallel, and then memory-mapped for training."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from vcam.errors import SourceError

SAMPLES_A_SHARD = 32
ATTEMPTS = 4  # draws per sample: unreadable files are skipped

Clips = npt.NDArray[np.uint8]  # (N, T, 2, C, S, S): N clips of T frames; side 0 degraded, side 1 true
TeacherOutputs = npt.NDArray[np.uint8]  # (N, C, S, S): a teacher's output for the middle frame of each clip
Kinds = npt.NDArray[np.uint8]  # (N,): the damage class of each clip, an index of DAMAGE_CLASSES


@dataclass(frozen=True)
class Samples:
    """Clips, and the damage class of each."""

    clips: Clips
    kinds: Kinds
    skipped: tuple[str, ...] = ()  # files that could not be read
    path: Path | None = None  # the shard's file, if read from one
    outputs: tuple[TeacherOutputs, ...] = ()  # of each teacher for each clip, if cached


Draw = Callable[[np.random.Generator], Samples]  # picklable: sent to worker processes


@dataclass(frozen=True)
class Whole:
    """A fixed set of samples that is read as a whole instead of drawn, such as an official test set."""

    read: Callable[[], Samples]


def no_samples(shape: Sequence[int], skipped: tuple[str, ...] = ()) -> Samples:
    """Empty samples; `shape` is that of one clip."""
    return Samples(np.empty((0, *shape), np.uint8), np.empty(0, np.uint8), skipped)


def pack_shards(
    draw: Draw, folder: Path, count: int, seed: int, settings: dict[str, object], workers: int = 1
) -> Iterator[Path]:
    """Make `count` shards in `folder`, yielding each path when it is ready; existing ones are reused.

    A shard depends only on `draw`, the seed and its number. `settings` describe what the draw depends on;
    raises SourceError if the folder was made with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder, settings)
    paths = [folder / f"{number:05d}.npy" for number in range(count)]
    missing = [_Order(draw, path, seed) for path in paths if not path.exists()]
    yield from (path for path in paths if path.exists())
    if min(workers, len(missing)) < 2:  # here: a process would need seconds to begin
        yield from map(_pack_shard, missing)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _leave_interrupts_to_parent) as pool:
        yield from pool.map(_pack_shard, missing, chunksize=_chunk(len(missing), workers))


def _chunk(orders: int, workers: int) -> int:
    """Orders sent to a worker at a time: unpickling a draw over 160,000 files takes a second."""
    return max(1, min(4, orders // (2 * workers)))


def pack_whole(whole: Whole, folder: Path, settings: dict[str, object]) -> Path:
    """Make the single shard of a whole set in `folder`, or find it there. Raises as `pack_shards` does."""
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder, settings)
    path = folder / "00000.npy"
    if not path.exists():
        _write_shard(path, whole.read())
    return path


def open_shards(paths: Sequence[Path]) -> list[Samples]:
    """Memory-map shards; empty ones are left out."""
    shards = [Samples(np.load(path, mmap_mode="r"), np.load(_kinds_path(path)), path=path) for path in paths]
    return [shard for shard in shards if len(shard.clips)]


def list_skipped(paths: Sequence[Path]) -> list[str]:
    """The unreadable files met while making these shards, each once."""
    records = [_skipped_path(path) for path in paths]
    return sorted({name for record in records if record.exists() for name in json.loads(record.read_bytes())})


def _kinds_path(path: Path) -> Path:
    return path.with_suffix(".kinds.npy")


def _skipped_path(path: Path) -> Path:
    return path.with_suffix(".skipped.json")


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
    """The arguments of a worker that makes one shard."""

    draw: Draw
    path: Path
    seed: int


def _leave_interrupts_to_parent() -> None:
    """A terminal sends Ctrl-C to all processes; each would say where it was. A shard is finished first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _pack_shard(order: _Order) -> Path:
    rng = np.random.default_rng([order.seed, int(order.path.stem)])
    made: list[Samples] = []
    with _one_thread():
        for _ in range(SAMPLES_A_SHARD * ATTEMPTS):
            made.append(order.draw(rng))
            if sum(len(part.kinds) for part in made) >= SAMPLES_A_SHARD:
                break
    _write_shard(order.path, join_samples(made))
    return order.path


@contextmanager
def _one_thread() -> Iterator[None]:
    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


def join_samples(parts: Sequence[Samples]) -> Samples:
    """Concatenate samples; each skipped file is named once."""
    return Samples(
        np.concatenate([part.clips for part in parts]),
        np.concatenate([part.kinds for part in parts]),
        tuple(sorted({name for part in parts for name in part.skipped})),
    )


def _write_shard(path: Path, samples: Samples) -> None:
    """Write the clips last: if their file exists, the shard is complete."""
    if samples.skipped:
        temporary = path.with_suffix(".tmp.json")
        temporary.write_text(json.dumps(samples.skipped), "utf-8")
        os.replace(temporary, _skipped_path(path))
    write_array(_kinds_path(path), samples.kinds)
    write_array(path, samples.clips)


def write_array(path: Path, array: npt.NDArray[np.uint8]) -> None:
    """Write an array atomically."""
    temporary = path.with_suffix(".tmp.npy")
    np.save(temporary, array)
    os.replace(temporary, path)
