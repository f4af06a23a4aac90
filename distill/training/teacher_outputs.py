"""Cached teacher outputs: computed once for all training samples and stored beside the shards."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from distill.data.pack import Samples, TeacherOutputs, write_array
from distill.networks.contract import frames_of
from distill.training.batches import shown_to, to_batch
from vcam.errors import ConfigError

BATCH = 8  # clips per forward pass of a teacher


def cache_teacher_outputs(
    shards: Sequence[Samples], teachers: Sequence[nn.Module], device: torch.device
) -> list[Samples]:
    """The shards with the outputs of all teachers, which are computed if they are not cached yet.

    A teacher's outputs are in `SHARD.HASH.npy` beside each shard, with a hash of its weights. Raises
    ConfigError for shards without a file, or if clips have more frames than a teacher takes: it is not known
    in advance which of them a crop has in the middle.
    """
    found = list(shards)
    for teacher in teachers:
        name, digest = str(getattr(teacher, "name", "teacher")), weights_digest(teacher)
        for number, shard in enumerate(tqdm(found, f"outputs of {name}", unit="shard")):
            outputs = _outputs_of(shard, teacher, digest, device)
            found[number] = replace(shard, outputs=(*shard.outputs, outputs))
    return found


def weights_digest(network: nn.Module) -> str:
    """Ten hexadecimal digits that change with any weight, and with the teacher's `is_symmetric`."""
    digest = hashlib.sha256(bytes([getattr(network, "is_symmetric", False)]))
    for key, value in network.state_dict().items():
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(value.cpu().numpy()).tobytes())
    return digest.hexdigest()[:10]


def _outputs_of(shard: Samples, teacher: nn.Module, digest: str, device: torch.device) -> TeacherOutputs:
    """A teacher's outputs for one shard, memory-mapped."""
    path = _outputs_path(shard, digest)
    length, frames = shard.clips.shape[1], frames_of(teacher)
    if length != frames:
        raise ConfigError(
            f"cached outputs need clips of exactly the teacher's {frames} frames, "
            f"these have {length}; set [data] frames = {frames}, or remove [distillation] cached"
        )
    if not path.exists():
        write_array(path, restore_all(teacher, shard, device))
    outputs: TeacherOutputs = np.load(path, mmap_mode="r")
    return outputs


def _outputs_path(shard: Samples, digest: str) -> Path:
    if shard.path is None:
        raise ConfigError("cached outputs need shards in files; remove [distillation] cached")
    return shard.path.with_suffix(f".{digest}.npy")


@torch.no_grad()
def restore_all(teacher: nn.Module, shard: Samples, device: torch.device) -> TeacherOutputs:
    """Restore the middle frame of each clip: (N, C, S, S) uint8."""
    parts = []
    for start in range(0, len(shard.clips), BATCH):
        part = slice(start, start + BATCH)
        batch = to_batch(np.array(shard.clips[part]), shard.kinds[part]).to(device)
        shown = shown_to(teacher, batch.seen, batch.context, batch.truth.shape[1])
        codes = (teacher(shown) * 255).round().clamp(0, 255)
        parts.append(codes.to(torch.uint8).cpu().numpy())
    return np.concatenate(parts)
