import pytest
import torch

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.sharpen import SharpenNet
from vcam.errors import ConfigError

TEACHER = 3 * 64 * 9 + 64 * 64 * 9 + 64 * 32 * 9 + 32 * 3  # weights
STUDENT = 3 * 16 * 9 + 16 * 3


@pytest.mark.parametrize("widths", ["16", "64-64-32"])
def test_the_picture_keeps_its_shape(widths: str) -> None:
    assert SharpenNet(widths)(torch.rand(3, 3, 31, 17)).shape == (3, 3, 31, 17)


@pytest.mark.parametrize(
    ("widths", "weights", "biases"), [("64-64-32", TEACHER, 64 + 64 + 32 + 3), ("16", STUDENT, 16 + 3)]
)
def test_teacher_and_student_have_the_published_size(widths: str, weights: int, biases: int) -> None:
    network = SharpenNet(widths)
    assert count_parameters(network) == weights + biases
    assert macs_per_pixel(network) == weights  # at full resolution each weight is used once a pixel


def test_the_body_gives_the_last_features() -> None:
    assert SharpenNet("8-4").body(torch.rand(1, 3, 8, 8)).shape == (1, 4, 8, 8)


@pytest.mark.parametrize("widths", ["", "64,32", "64-0", "wide", "8--8"])
def test_widths_that_are_no_numbers_are_refused(widths: str) -> None:
    with pytest.raises(ConfigError, match="64-64-32"):
        SharpenNet(widths)
