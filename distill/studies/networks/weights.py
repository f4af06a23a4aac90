"""Readers of third-party weights: torch checkpoints and ncnn files. No code in them is executed."""

import pickle
import struct
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vcam.errors import ModelError

WRAPPERS = ("params_ema", "params", "state_dict", "model")  # the first key found has the weights
NCNN_MAGIC = "7767517"
FP16_TAG, FP32_TAG = 0x01306B47, 0
WEIGHTLESS = {"Input", "Split", "Concat", "BinaryOp", "Eltwise", "Interp", "ReLU"}


def read_torch_weights(path: Path) -> dict[str, Tensor]:
    """The weights of a torch file by name, float32 on the CPU, without wrappers and DDP's `module.`.

    Raises ModelError if there is no such file, or if it contains anything but named tensors.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"no weights at {path}; give the path of a .pth file") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{path} is not a torch file of plain weights: {reason}. Save its state_dict again"
        ) from None
    while isinstance(content, dict) and (wrapper := next((key for key in WRAPPERS if key in content), "")):
        content = content[wrapper]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ModelError(f"{path} holds no weights by name; expected a state_dict, plain or under {WRAPPERS}")
    return {str(key).removeprefix("module."): value.float() for key, value in content.items()}


def load_exactly(network: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load the weights into the network.

    path  their file, for the error

    Raises ModelError with the names of missing and unexpected weights, and of those of another shape.
    """
    expected = network.state_dict()
    complaints = [
        _list_first("missing", expected.keys() - weights.keys()),
        _list_first("unexpected", weights.keys() - expected.keys()),
        _list_first(
            "of another shape",
            {
                f"{key} {tuple(weights[key].shape)} for {tuple(expected[key].shape)}"
                for key in expected.keys() & weights.keys()
                if weights[key].shape != expected[key].shape
            },
        ),
    ]
    found = "; ".join(complaint for complaint in complaints if complaint)
    if found:
        kind = type(network).__name__
        raise ModelError(
            f"{path} does not fit {kind} of {len(expected)} tensors: {found}. Give weights of that network"
        )
    network.load_state_dict(dict(weights))


def read_ncnn_convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """(weight (out, in, k, k), bias (out,)) float32 of each convolution, in the order of the file.

    path  the .param or the .bin file; the other one is beside it

    Raises ModelError if one of the two is missing, truncated, or has weights in other layers.
    Source: per convolution a u32 tag, weights (fp16 padded to 4 bytes, or fp32), fp32 bias;
    ncnn's modelbin.cpp and convolution.cpp.
    """
    param, binary = path.with_suffix(".param"), path.with_suffix(".bin")
    for file in (param, binary):
        if not file.is_file():
            raise ModelError(f"no {file}; an ncnn model is two files, NAME.param and NAME.bin, side by side")
    content, position, convolutions = binary.read_bytes(), 0, []
    try:
        for shape in _read_ncnn_shapes(param):
            weight, position = _take_tagged(content, position, shape)  # (out, in, k, k)
            bias = np.frombuffer(content, "<f4", shape[0], position)  # (out,)
            position += bias.nbytes
            convolutions.append((torch.from_numpy(weight), torch.from_numpy(bias.copy())))
    except (struct.error, ValueError) as error:
        raise ModelError(
            f"{binary} does not hold the convolutions of {param.name}: {error}. Copy both again"
        ) from None
    if position != len(content):
        raise ModelError(
            f"{binary} has {len(content)} bytes, {param.name} describes {position}. "
            "Use both files of the same model"
        )
    return convolutions


def _read_ncnn_shapes(param: Path) -> list[tuple[int, int, int, int]]:
    """The shape (out, in, k, k) of each convolution in a .param file."""
    lines = param.read_text(encoding="utf-8", errors="replace").split("\n")
    if lines[0].strip() != NCNN_MAGIC:
        raise ModelError(f"{param} begins with {lines[0][:20]!r}; expected {NCNN_MAGIC}, ncnn's text form")
    shapes = []
    for layer in (line.split() for line in lines[2:] if line.strip()):
        if layer[0] in WEIGHTLESS:
            continue
        values = dict(part.split("=", 1) for part in layer if "=" in part)
        if layer[0] != "Convolution" or values.get("5") != "1":
            raise ModelError(
                f"{param} has a layer {' '.join(layer[:2])}; expected convolutions with a bias and layers "
                "without weights. Give an RRDBNet such as realesrgan-x4plus"
            )
        try:
            out, side, count = (int(values[key]) for key in ("0", "1", "6"))
            shapes.append((out, count // (out * side * side), side, side))
        except (KeyError, ValueError, ZeroDivisionError):
            raise ModelError(f"{param}: {' '.join(layer)} has no shape; copy the file again") from None
    return shapes


def _take_tagged(content: bytes, position: int, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """One weight as float32 with its shape, and the position of its bias."""
    (tag,) = struct.unpack_from("<I", content, position)
    if tag not in (FP16_TAG, FP32_TAG):
        raise ValueError(f"tag {tag:#010x} at byte {position}; expected {FP16_TAG:#010x} or 0")
    kind, count = ("<f2" if tag == FP16_TAG else "<f4"), int(np.prod(shape))
    weight = np.frombuffer(content, kind, count, position + 4)
    return weight.astype(np.float32).reshape(shape), position + 4 + -(-weight.nbytes // 4) * 4


def _list_first(what: str, names: Collection[str], shown: int = 3) -> str:
    if not names:
        return ""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{what} {', '.join(sorted(names)[:shown])}{more}"
