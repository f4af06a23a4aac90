from pathlib import Path

import pytest
import torch
from torch import Tensor

from distill.studies.perceptual import KEYS, VggPerceptual
from vcam.errors import ModelError

State = dict[str, Tensor]


@pytest.fixture
def state() -> State:
    """Random weights of VGG16 up to conv3_3, of a size that lets the signal through."""
    torch.manual_seed(0)
    made = {}
    for key, shape in KEYS.items():
        scale = (2 / (9 * shape[1])) ** 0.5 if key.endswith("weight") else 0.1
        made[key] = torch.randn(shape) * scale
    return made


@pytest.fixture
def weights(state: State, tmp_path: Path) -> Path:
    return save(state, tmp_path)


def save(state: State, folder: Path) -> Path:
    torch.save(state, folder / "vgg16.pth")
    return folder / "vgg16.pth"


def plane_through(plane: int) -> State:
    """Weights that hand one plane of the input on to the first feature, and nothing else."""
    made = {key: torch.zeros(shape) for key, shape in KEYS.items()}
    for key in KEYS:
        if key.endswith("weight"):
            made[key][0, plane if key.startswith("features.0") else 0, 1, 1] = 1
    return made


def flat(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1).expand(1, 3, 8, 8)


# code values of blue, green and red less the mean of each
@pytest.mark.parametrize(("plane", "mean"), [(0, 103.939), (1, 116.779), (2, 123.68)])
def test_caffe_weights_see_blue_green_red_in_code_values(plane: int, mean: float, tmp_path: Path) -> None:
    loss = VggPerceptual(save(plane_through(plane), tmp_path))
    restored, truth = flat(0.9, 0.8, 0.7), flat(1.0, 0.9, 0.8)
    found, wanted = (255 * float(picture[0, 2 - plane, 0, 0]) - mean for picture in (restored, truth))
    expected = (found - wanted) ** 2 / wanted**2
    assert loss(restored, truth, truth).item() == pytest.approx(expected, rel=1e-5)  # float32


def test_torchvision_weights_see_red_first_in_deviations(tmp_path: Path) -> None:
    loss = VggPerceptual(save(plane_through(0), tmp_path), convention="torchvision")
    restored, truth = flat(0.9, 0.0, 0.0), flat(1.0, 0.0, 0.0)
    expected = (0.1 / 0.229) ** 2 / ((1 - 0.485) / 0.229) ** 2
    assert loss(restored, truth, truth).item() == pytest.approx(expected, rel=1e-5)  # float32


def test_luma_counts_as_grey(weights: Path) -> None:
    loss = VggPerceptual(weights)
    seen, truth = torch.rand(2, 2, 1, 16, 16)
    grey = [picture.repeat(1, 3, 1, 1) for picture in (seen, truth)]
    assert loss(seen, seen, truth).item() == pytest.approx(loss(grey[0], grey[0], grey[1]).item())


def test_the_truth_costs_nothing_and_asks_for_no_change(weights: Path) -> None:
    truth = torch.rand(1, 1, 16, 16)
    restored = truth.clone().requires_grad_()
    cost = VggPerceptual(weights)(restored, truth, truth)
    cost.backward()
    assert cost.item() == 0
    assert restored.grad is not None
    assert restored.grad.abs().max() == 0


def test_each_picture_counts_alike_however_bright_its_features(weights: Path) -> None:
    loss = VggPerceptual(weights)
    seen, truth = torch.rand(2, 3, 3, 16, 16)
    single = [loss(seen[[index]], seen[[index]], truth[[index]]).item() for index in range(3)]
    assert loss(seen, seen, truth).item() == pytest.approx(sum(single) / 3, rel=1e-5)  # float32


def test_the_gradient_is_that_of_the_value(weights: Path) -> None:
    loss = VggPerceptual(weights).double()
    restored, truth = torch.rand(2, 1, 1, 6, 6, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda picture: loss(picture, truth, truth), restored.requires_grad_(), fast_mode=True
    )


def test_the_network_is_frozen(weights: Path) -> None:
    assert not any(parameter.requires_grad for parameter in VggPerceptual(weights).parameters())


def test_a_whole_vgg16_in_half_precision_will_do(state: State, tmp_path: Path) -> None:
    whole = {key: value.half() for key, value in state.items()} | {
        "features.17.weight": torch.zeros(1),
        "classifier.0.bias": torch.zeros(1),
    }
    loss = VggPerceptual(save(whole, tmp_path))
    assert loss.features[0].weight.dtype == torch.float32


def test_no_file_is_refused_with_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"no VGG16 weights at .*lacking\.pth.*features\.N.*torchvision.*Caffe"
    ):
        VggPerceptual(tmp_path / "lacking.pth")


def test_another_networks_weights_are_refused_with_the_keys_expected(tmp_path: Path) -> None:
    path = save({"conv_first.weight": torch.zeros(1)}, tmp_path)
    with pytest.raises(ModelError, match=r"no 'features\.0\.weight' but conv_first\.weight.*features\.N"):
        VggPerceptual(path)


def test_a_layer_of_another_shape_is_refused_with_both(state: State, tmp_path: Path) -> None:
    state["features.7.weight"] = torch.zeros(128, 64, 3, 3)
    with pytest.raises(ModelError, match=r"features\.7\.weight.*\(128, 64, 3, 3\), not \(128, 128, 3, 3\)"):
        VggPerceptual(save(state, tmp_path))


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vgg16.pth").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"vgg16\.pth"):
        VggPerceptual(tmp_path / "vgg16.pth")


def test_an_unknown_convention_is_the_callers_mistake(weights: Path) -> None:
    with pytest.raises(ValueError, match="expected one of caffe, torchvision"):
        VggPerceptual(weights, convention="keras")
