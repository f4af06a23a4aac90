"""What one step of training minimises: pixel losses against the truth, and against gated teachers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from distill.batches import middle_frames
from distill.degrade import KINDS
from distill.losses.pixel import relative_mse
from distill.recipe import Recipe

PIXEL_LOSSES = {"relative_mse": relative_mse}


class Teacher(nn.Module):
    """A trained network that is not trained any more."""

    def __init__(self, name: str, network: nn.Module) -> None:
        super().__init__()
        self.name = name
        self.network = network.eval().requires_grad_(False)
        self.frames = int(network.frames)

    def forward(self, seen: Tensor) -> Tensor:
        restored: Tensor = self.network(seen)
        return restored


class Objective(nn.Module):
    """A student, its losses and its teachers, as one module: (seen, truth, kinds) to a loss.

    teachers are frozen, and are no part of the state dict
    """

    def __init__(self, student: nn.Module, recipe: Recipe, teachers: Sequence[Teacher]) -> None:
        super().__init__()
        self.student = student
        self._losses = recipe.losses
        self.__dict__["teachers"] = list(teachers)  # kept from nn.Module: not trained, not saved
        self.frames = max(int(network.frames) for network in (student, *teachers))
        self.register_buffer("student_gains", torch.zeros(len(KINDS)))

    teachers: list[Teacher]

    def set_student_gains(self, by_kind: Sequence[float]) -> None:
        """Take in what the student gains by now on each of KINDS, dB."""
        self.student_gains.copy_(torch.tensor(by_kind))

    def forward(self, seen: Tensor, truth: Tensor, kinds: Tensor) -> Tensor:
        planes = truth.shape[1]
        restored = self.student(middle_frames(seen, int(self.student.frames), planes)).float()
        shown = middle_frames(seen, 1, planes)
        loss = torch.zeros((), device=truth.device)
        for name, weight in self._losses.items():
            loss = loss + weight * PIXEL_LOSSES[name](restored, shown, truth)
        return loss
