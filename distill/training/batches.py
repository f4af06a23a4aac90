"""Batches of crops, determined by the recipe's seed and the number of the iteration only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from distill.data.pack import Samples
from distill.networks.contract import context_of, frames_of, multiple_of, planes_of
from distill.recipe import Training
from vcam.errors import ConfigError


@dataclass(frozen=True)
class Batch:
    """Crops of B clips: `frames` consecutive frames with C planes each (1: luma, 3: RGB), in 0..1."""

    seen: Tensor  # (B, frames*C, S, S) degraded, scaled to the size of the truth
    truth: Tensor  # (B, C, S, S) of the middle frame
    kinds: Tensor  # (B,) long, indices of distill.damage.degradation.DAMAGE_CLASSES
    # (B, K, S, S) of the middle frame: age and noise from fusion, see distill.data.scenes; K = 0 without
    context: Tensor
    # (B, teachers*C, S, S) of the middle frame: cached teacher outputs; empty without
    outputs: Tensor

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All tensors, in the order of the arguments of distill.training.objective.Objective."""
        return self.seen, self.truth, self.kinds, self.context, self.outputs

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(part.to(device) for part in self.parts))


@dataclass(frozen=True)
class Rank:
    """A process of a process group; its samples of a batch are every `world_size`-th from `index` on."""

    index: int = 0
    world_size: int = 1


def check_fit(samples: Samples, network: nn.Module, crop: int) -> None:
    """Raise ConfigError if a network cannot be trained on crops of these samples, or validated on them."""
    length, planes, side = (samples.clips.shape[axis] for axis in (1, 3, 5))
    frames, multiple = frames_of(network), multiple_of(network)
    if planes != planes_of(network):
        raise ConfigError(
            f"pictures have {planes} planes, the network takes {planes_of(network)} (1: luma, 3: RGB); "
            "choose another [data] source or another network"
        )
    if (found := samples.clips.shape[2] - 2) < context_of(network):
        raise ConfigError(
            f"samples have {found} context planes, the network takes {context_of(network)}; "
            'set [data] source = "scenes"'
        )
    if length < frames:
        raise ConfigError(
            f"clips have {length} frames, the network takes {frames}; set [data] frames = {frames}"
        )
    if side < crop:
        raise ConfigError(
            f"pictures are {side} pixels wide, crops {crop}; set [training] crop to {side} or less"
        )
    for what, pixels in (("a crop", crop), ("pictures", side)):
        if pixels % multiple:
            raise ConfigError(
                f"{what} of {pixels} pixels: the network takes multiples of {multiple} only; "
                f"make it {pixels // multiple * multiple}"
            )


def draw_batch(
    shards: Sequence[Samples], training: Training, frames: int, iteration: int, rank: Rank | None = None
) -> Batch:
    """Draw crops, flipped and rotated. Negative iterations draw batches that no training step uses."""
    rank = rank or Rank()
    crops, kinds, outputs = [], [], []
    for slot in range(rank.index, training.batch, rank.world_size):
        rng = np.random.default_rng([training.seed, abs(iteration), int(iteration < 0), slot])
        shard = shards[int(rng.integers(len(shards)))]
        number = int(rng.integers(len(shard.clips)))
        clip = shard.clips[number]
        window = _draw_window(clip, frames, training.crop, rng)
        crops.append(window.cut(clip[window.start : window.start + frames]))
        kinds.append(int(shard.kinds[number]))
        outputs.append([window.cut(each[number]) for each in shard.outputs])
    return to_batch(np.stack(crops), np.array(kinds), np.array(outputs, np.uint8))


def to_batch(clips: np.ndarray, kinds: np.ndarray, outputs: np.ndarray | None = None) -> Batch:
    """Clips (B, frames, 2 + K, C, S, S) uint8 as a batch: degraded, true, and K context planes.

    outputs  (B, teachers, C, S, S) uint8
    """
    middle = clips.shape[1] // 2
    seen = torch.from_numpy(np.ascontiguousarray(clips[:, :, 0])).float() / 255  # (B, frames, C, S, S)
    truth = torch.from_numpy(np.ascontiguousarray(clips[:, middle, 1])).float() / 255  # (B, C, S, S)
    context = torch.from_numpy(np.ascontiguousarray(clips[:, middle, 2:])).float() / 255  # (B, K, C, S, S)
    numbers = torch.from_numpy(kinds.astype(np.int64))
    taught = truth[:, :0]
    if outputs is not None and outputs.size:
        taught = torch.from_numpy(outputs).float().flatten(1, 2) / 255
    return Batch(seen.flatten(1, 2), truth, numbers, context.flatten(1, 2), taught)


def shown_to(network: nn.Module, seen: Tensor, context: Tensor, planes: int) -> Tensor:
    """A network's input from a batch: the middle frames of a window (B, T*planes, S, S), and the context
    (B, K, S, S) if it takes that."""
    frames = middle_frames(seen, frames_of(network), planes)
    return torch.cat([frames, context], 1) if context_of(network) else frames


def middle_frames(seen: Tensor, frames: int, planes: int) -> Tensor:
    """The middle `frames` of a window (B, T*planes, S, S): (B, frames*planes, S, S)."""
    first = (seen.shape[1] // planes // 2 - frames // 2) * planes
    return seen[:, first : first + frames * planes]


@dataclass(frozen=True)
class _Window:
    """A crop of a clip, flipped and rotated."""

    start: int  # its first frame
    top: int
    left: int
    side: int
    quarters: int  # quarter turns
    is_flipped: bool

    def cut(self, pictures: np.ndarray) -> np.ndarray:
        """The same crop of any pictures: (..., S, S) to (..., side, side)."""
        part = pictures[..., self.top : self.top + self.side, self.left : self.left + self.side]
        part = np.rot90(part, self.quarters, axes=(-2, -1))
        return part[..., ::-1] if self.is_flipped else part


def _draw_window(clip: np.ndarray, frames: int, side: int, rng: np.random.Generator) -> _Window:
    """Draw `frames` frames and a square of `side` pixels of a clip (T, 2 + K, C, S, S)."""
    start = int(rng.integers(0, len(clip) - frames + 1))
    top, left = (int(value) for value in rng.integers(0, clip.shape[-1] - side + 1, 2))
    return _Window(start, top, left, side, int(rng.integers(4)), bool(rng.integers(2)))
