"""Weights as others write them: with BSRGAN's names, and as the two files of an ncnn model."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from distill.studies.networks.rrdbnet import RRDBNet

OLD = {
    "conv_body": "trunk_conv",
    "body.": "RRDB_trunk.",
    ".rdb": ".RDB",
    "conv_up": "upconv",
    "conv_hr": "HRconv",
}


def tiny_rrdb(scale: int = 4, unshuffle: int = 1) -> RRDBNet:
    """Three blocks whose weights are exact in fp16, so that a file of either kind holds the same ones."""
    torch.manual_seed(0)
    network = RRDBNet(channels=6, growth=3, blocks=3, scale=scale, unshuffle=unshuffle).eval()
    network.load_state_dict({name: value.half().float() for name, value in network.state_dict().items()})
    return network


def with_old_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """BSRGAN's names for Real-ESRGAN's."""
    renamed = {}
    for name, value in weights.items():
        for new, old in OLD.items():
            name = name.replace(new, old)
        renamed[name] = value
    return renamed


def write_ncnn(path: Path, convolutions: list[nn.Conv2d], is_fp16: bool = True) -> None:
    """Write path.param and path.bin, with a layer without weights after each convolution."""
    lines, content = ["7767517", f"{2 * len(convolutions)} 0"], b""
    for index, conv in enumerate(convolutions):
        out, side, count = conv.out_channels, conv.kernel_size[0], conv.weight.numel()
        lines.append(
            f"Convolution Conv_{index} 1 1 a b 0={out} 1={side} 4=1 5=1 6={count} 9=2 -23310=1,2.0e-01"
        )
        lines.append(f"BinaryOp Add_{index} 2 1 a b c 0=0")
        assert conv.bias is not None
        weight = conv.weight.detach().numpy().astype(np.float16 if is_fp16 else np.float32).tobytes()
        content += struct.pack("<I", 0x01306B47 if is_fp16 else 0) + weight + bytes(-len(weight) % 4)
        content += conv.bias.detach().numpy().tobytes()
    path.with_suffix(".param").write_text("\n".join(lines) + "\n")
    path.with_suffix(".bin").write_bytes(content)
