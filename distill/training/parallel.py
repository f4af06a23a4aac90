"""Several processes that train one network, as torchrun starts them; or one alone."""

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

LONGEST_WAIT = timedelta(hours=12)  # the others wait while the first one makes the training pairs

T = TypeVar("T")


@dataclass(frozen=True)
class ProcessGroup:
    """This process among those that train together, and the device it trains on."""

    rank: Rank = field(default_factory=Rank)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    is_local_main: bool = True  # of those on its machine

    @property
    def is_main(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank.index == 0

    def wrap(self, objective: nn.Module, has_unused_parameters: bool) -> nn.Module:
        """The objective with its gradients averaged over all processes, its buffers as the first has them.

        has_unused_parameters  whether some of its parameters have no part in some of its losses
        """
        if self.rank.world_size == 1:
            return objective
        return DistributedDataParallel(objective, find_unused_parameters=has_unused_parameters)

    def broadcast(self, value: T) -> T:
        """The first process's value, in all of them: what they decide by must be the same to the last bit."""
        if self.rank.world_size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values)
        return values[0]

    @contextmanager
    def local_main_first(self) -> Iterator[None]:
        """Let the first process of each machine go ahead: the others find the files that it has made."""
        if self.rank.world_size > 1 and not self.is_local_main:
            distributed.barrier()
        yield
        if self.rank.world_size > 1 and self.is_local_main:
            distributed.barrier()


@contextmanager
def join_process_group() -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started, over NCCL on GPUs or gloo on CPUs; alone without it."""
    rank, of = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        torch.backends.cudnn.deterministic = True  # a resumed run goes the same way
    if of == 1:
        yield ProcessGroup(Rank(), device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=LONGEST_WAIT)
    try:
        yield ProcessGroup(Rank(rank, of), device, local_rank == 0)
    finally:
        distributed.destroy_process_group()
