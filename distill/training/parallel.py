"""Data-parallel training: the processes started by torchrun, or a single one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from distill.training.batches import Rank

LONGEST_WAIT = timedelta(hours=12)  # the other ranks wait while the main one makes the training pairs

T = TypeVar("T")


@dataclass(frozen=True)
class ProcessGroup:
    """The rank of this process among those that train together, and its device."""

    rank: Rank = field(default_factory=Rank)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    is_local_main: bool = True  # the first process on its machine

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, which writes all files."""
        return self.rank.index == 0

    def wrap(self, objective: nn.Module, has_unused_parameters: bool) -> nn.Module:
        """Wrap the objective so that gradients are averaged over all ranks and buffers are those of rank 0.

        has_unused_parameters  whether some parameters get no gradient in some steps
        """
        if self.rank.world_size == 1:
            return objective
        return DistributedDataParallel(objective, find_unused_parameters=has_unused_parameters)

    def broadcast(self, value: T) -> T:
        """Rank 0's value, in all ranks: decisions must be based on bit-identical values."""
        if self.rank.world_size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values)
        return values[0]

    @contextmanager
    def local_main_first(self) -> Iterator[None]:
        """Let the first process of each machine go first: the others find the files that it made."""
        if self.rank.world_size > 1 and not self.is_local_main:
            distributed.barrier()
        yield
        if self.rank.world_size > 1 and self.is_local_main:
            distributed.barrier()


@contextmanager
def join_process_group() -> Iterator[ProcessGroup]:
    """Join the process group of torchrun, by NCCL on GPUs or gloo on CPUs; a group of one without it."""
    rank, of = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        torch.backends.cudnn.deterministic = True  # makes resumed runs reproducible
    if of == 1:
        yield ProcessGroup(Rank(), device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=LONGEST_WAIT)
    try:
        yield ProcessGroup(Rank(rank, of), device, local_rank == 0)
    finally:
        distributed.destroy_process_group()
