"""Teacher gating: a teacher counts only for damage that it restores better than the student does."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from distill.damage.degradation import DAMAGE_CLASSES


class Gates(nn.Module):
    """Gains of teachers and student per damage class on held-out samples, in dB; part of a checkpoint."""

    teacher_gains: Tensor
    student_gains: Tensor

    def __init__(self, teachers: int) -> None:
        super().__init__()
        self.register_buffer("teacher_gains", torch.zeros(teachers, len(DAMAGE_CLASSES)))
        self.register_buffer("student_gains", torch.zeros(len(DAMAGE_CLASSES)))

    def set_student(self, by_kind: Sequence[float]) -> None:
        self.student_gains.copy_(torch.tensor(by_kind))

    def set_teacher(self, number: int, by_kind: Sequence[float]) -> None:
        self.teacher_gains[number] = torch.tensor(by_kind)

    def shares(self, kinds: Tensor) -> Tensor:
        """Each teacher's share in the target of each sample, (teachers, B), for damage classes (B,).

        Proportional to the margin in dB by which it beats the student. A column sums to 1, or to 0 where no
        teacher beats the student. Classes without a held-out sample have no teacher.
        """
        margins = (self.teacher_gains - self.student_gains).nan_to_num(0).clamp(min=0)  # (teachers, kinds)
        shares = margins / margins.sum(0).clamp(min=1e-6)
        return shares[:, kinds]
