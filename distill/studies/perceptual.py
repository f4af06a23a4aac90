"""Perceptual loss: distance in the features of an image classification network (VGG16)."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from distill.losses.precision import widen
from distill.studies.networks.weights import read_torch_weights
from vcam.errors import ModelError

# VGG16's convolutions up to conv3_3 by their place in torchvision's `features`, with their planes in and out
CONVOLUTIONS = {
    0: (3, 64),
    2: (64, 64),
    5: (64, 128),
    7: (128, 128),
    10: (128, 256),
    12: (256, 256),
    14: (256, 256),
}
POOLS = (4, 9)
KEYS = {
    f"features.{place}.{part}": (out, into, 3, 3) if part == "weight" else (out,)
    for place, (into, out) in CONVOLUTIONS.items()
    for part in ("weight", "bias")
}


@dataclass(frozen=True)
class Convention:
    """Input normalisation of a VGG16, in units of full scale."""

    is_bgr: bool
    mean: tuple[float, float, float]  # in that order of planes
    deviation: tuple[float, float, float]


CONVENTIONS = {
    # code values less ImageNet's mean: the authors' own weights
    "caffe": Convention(True, (103.939 / 255, 116.779 / 255, 123.68 / 255), (1 / 255, 1 / 255, 1 / 255)),
    "torchvision": Convention(False, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


class VggPerceptual(nn.Module):
    """Mean squared difference of VGG16's features after conv3_3, relative to the truth's mean square.

    weights      a state_dict of VGG16, whole or up to features.14; read without running anything in it
    convention   "caffe" for the authors' weights and what was made of them, "torchvision" for torchvision's

    forward(restored, seen, truth), each (B, C, H, W) in 0..1, C = 3 for RGB or 1 for luma, which is repeated;
    sides of at least 4; seen is not used. Returns a scalar: 0 for the truth, 0.02 to 0.05 for its JPEG
    of quality 75, 0.3 to 0.5 for a blur of sigma 2, near 1 for plain grey (eight stills at 256x256, the
    authors' weights). All pictures count equally. The network is frozen.
    Raises ModelError if the file is missing, unreadable or of another network; it says where to get one.
    Source: feature reconstruction at relu3_3 of VGG16 (Simonyan, Zisserman 2015, arXiv:1409.1556) by Johnson,
    Alahi, Fei-Fei 2016, arXiv:1603.08155. The division is ours: a recipe's weight holds for both conventions.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, weights: Path, convention: str = "caffe") -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            raise ValueError(f"no convention {convention!r}; expected one of {', '.join(CONVENTIONS)}")
        chosen = CONVENTIONS[convention]
        self.is_bgr = chosen.is_bgr
        self.register_buffer("mean", torch.tensor(chosen.mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(chosen.deviation).view(1, 3, 1, 1))
        self.features = _build(_read(weights))
        self.requires_grad_(False)

    def forward(self, restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
        found = widen(self.features(self._prepare(restored)))  # (B, 256, H / 4, W / 4)
        wanted = widen(self.features(self._prepare(truth)))  # (B, 256, H / 4, W / 4)
        error = (found - wanted).square().mean((1, 2, 3))  # (B,)
        energy = wanted.square().mean((1, 2, 3))  # (B,)
        return (error / energy.clamp(min=1e-12)).mean()

    def _prepare(self, picture: Tensor) -> Tensor:
        """Normalise as in the network's training: (B, 3, H, W)."""
        picture = picture.expand(-1, 3, -1, -1)  # (B, 3, H, W)
        if self.is_bgr:
            picture = picture.flip(1)
        return (picture - self.mean) / self.deviation


def _build(state: dict[str, Tensor]) -> nn.Sequential:
    """conv1_1 to conv3_3 with their ReLUs and pools, numbered as in torchvision."""
    layers: list[nn.Module] = []
    for place in range(max(CONVOLUTIONS) + 2):
        if place in CONVOLUTIONS:
            layers.append(nn.Conv2d(*CONVOLUTIONS[place], 3, padding=1))
        else:
            layers.append(nn.MaxPool2d(2) if place in POOLS else nn.ReLU())
    network = nn.Sequential(*layers)
    network.load_state_dict({key.removeprefix("features."): value for key, value in state.items()})
    return network


def _read(path: Path) -> dict[str, Tensor]:
    """The weights up to conv3_3."""
    if not path.is_file():
        raise ModelError(f"no VGG16 weights at {path}. {_remedy()}")
    state = read_torch_weights(path)
    for key, shape in KEYS.items():
        if key not in state:
            found = ", ".join(list(state)[:3]) or "nothing"
            raise ModelError(f"{path} has no {key!r} but {found} ... {_remedy()}")
        if state[key].shape != shape:
            raise ModelError(
                f"{path}: {key!r} is of shape {tuple(state[key].shape)}, not {shape}. {_remedy()}"
            )
    return {key: state[key] for key in KEYS}


def _remedy() -> str:
    places = ", ".join(str(place) for place in CONVOLUTIONS)
    return (
        f"Expected: a state_dict of VGG16 with features.N.weight and features.N.bias for N = {places}. "
        'Save torchvision.models.vgg16(weights="IMAGENET1K_V1").state_dict() (convention "torchvision"), or '
        "convert the authors' Caffe model from www.robots.ox.ac.uk/~vgg/research/very_deep "
        '(convention "caffe")'
    )
