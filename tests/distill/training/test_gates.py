import math

import pytest
import torch

from distill.damage.degradation import DAMAGE_CLASSES
from distill.training.gates import Gates

CLEAN, CAMERA, X1, X2 = range(4)


@pytest.fixture
def gates() -> Gates:
    """Two teachers: the first is better on cameras, the second on x2; nobody knows of clean pictures."""
    gates = Gates(2)
    rest = [0.0] * (len(DAMAGE_CLASSES) - 4)
    gates.set_teacher(0, [math.nan, 0.9, 0.1, 0.4, *rest])
    gates.set_teacher(1, [math.nan, 0.6, 0.1, 0.5, *rest])
    gates.set_student([math.nan, 0.3, 0.2, 0.3, *rest])
    return gates


def test_teachers_share_a_sample_by_the_margins_that_they_have(gates: Gates) -> None:
    shares = gates.shares(torch.tensor([CAMERA, X2]))
    assert torch.allclose(shares, torch.tensor([[0.6 / 0.9, 0.1 / 0.3], [0.3 / 0.9, 0.2 / 0.3]]))


def test_nobody_is_heard_where_the_student_is_better(gates: Gates) -> None:
    assert gates.shares(torch.tensor([X1])).tolist() == [[0], [0]]


def test_nobody_is_heard_on_damage_that_was_never_validated(gates: Gates) -> None:
    assert gates.shares(torch.tensor([CLEAN])).tolist() == [[0], [0]]


def test_a_student_that_has_passed_its_teachers_learns_alone(gates: Gates) -> None:
    gates.set_student([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert not gates.shares(torch.arange(len(DAMAGE_CLASSES))).any()


def test_the_gates_are_part_of_a_checkpoint(gates: Gates) -> None:
    other = Gates(2)
    other.load_state_dict(gates.state_dict())
    assert torch.equal(other.shares(torch.tensor([X2])), gates.shares(torch.tensor([X2])))
