"""Readers of third-party RRDBNet weights: BSRGAN's and Real-ESRGAN's names, and ncnn files without names."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from distill.studies.networks.rrdbnet import RRDBNet
from distill.studies.networks.weights import load_exactly, read_ncnn_convolutions, read_torch_weights
from vcam.errors import ModelError

OLD_NAMES = {
    r"^RRDB_trunk\.": "body.",
    r"\.RDB(?=\d)": ".rdb",
    r"^trunk_conv\.": "conv_body.",
    r"^upconv(?=\d)": "conv_up",
    r"^HRconv\.": "conv_hr.",
}


def load_rrdb(path: Path) -> RRDBNet:
    """Build a network for the user's weights and load them.

    path  a torch file with the names of BSRGAN or of Real-ESRGAN, or one of an ncnn model's two files

    Raises ModelError if the file is missing, cannot be read, or does not hold an RRDBNet.
    """
    if path.suffix in (".param", ".bin"):
        weights = _name_convolutions(read_ncnn_convolutions(path), path)
    else:
        weights = {_new_name(name): value for name, value in read_torch_weights(path).items()}
    network = RRDBNet(**_tell_options(weights))
    load_exactly(network, weights, path)
    return network.eval()


def _new_name(name: str) -> str:
    for old, new in OLD_NAMES.items():
        name = re.sub(old, new, name)
    return name


def _name_convolutions(convolutions: list[tuple[Tensor, Tensor]], path: Path) -> dict[str, Tensor]:
    """Names for the convolutions of a file without names, in the order of execution."""
    blocks, ends = divmod(len(convolutions) - 5, 15)
    if blocks < 0 or ends > 1:
        raise ModelError(
            f"{path} has {len(convolutions)} convolutions; an RRDBNet has 15 a block and 5 or 6 more. "
            "Give realesrgan-x4plus or another RRDBNet"
        )
    inner = [f"body.{n}.rdb{m}.conv{k}" for n in range(blocks) for m in (1, 2, 3) for k in range(1, 6)]
    outer = ["conv_body", "conv_up1", *["conv_up2"] * ends, "conv_hr", "conv_last"]
    weights: dict[str, Tensor] = {}
    for name, (weight, bias) in zip(["conv_first", *inner, *outer], convolutions, strict=True):
        weights |= {f"{name}.weight": weight, f"{name}.bias": bias}
    return weights


def _tell_options(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """The constructor's arguments for these weights; defaults if the weights do not determine them."""
    shapes = {name: value.shape for name, value in weights.items() if value.ndim == 4}
    channels, inputs = shapes.get("conv_first.weight", (64, 3))[:2]
    growth = shapes.get("body.0.rdb1.conv1.weight", (32,))[0]
    blocks = sum(bool(re.fullmatch(r"body\.\d+\.rdb1\.conv1\.weight", name)) for name in weights)
    enlarged = 2 if "conv_up1.weight" in weights and "conv_up2.weight" not in weights else 4
    unshuffle = {12: 2, 48: 4}.get(inputs, 1)
    if unshuffle > enlarged:
        unshuffle = 1
    return {
        "channels": channels,
        "growth": growth,
        "blocks": blocks or 23,
        "scale": enlarged // unshuffle,
        "unshuffle": unshuffle,
    }
