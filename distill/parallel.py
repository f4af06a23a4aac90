"""Several processes that train one network, as torchrun starts them; or one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from distill.batches import Share


@dataclass(frozen=True)
class Company:
    """This process among those that train together, and the device it trains on."""

    share: Share = field(default_factory=Share)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes."""
        return self.share.rank == 0

    def wrap(self, objective: nn.Module) -> nn.Module:
        """The objective with its gradients averaged over all processes."""
        if self.share.of == 1:
            return objective
        return DistributedDataParallel(objective, broadcast_buffers=False)


@contextmanager
def join_company() -> Iterator[Company]:
    """Join the processes that torchrun started, over NCCL on GPUs or gloo on CPUs; alone without it."""
    rank, of = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    if of == 1:
        yield Company(Share(), device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Company(Share(rank, of), device)
    finally:
        distributed.destroy_process_group()
