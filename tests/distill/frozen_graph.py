"""Writes frozen TensorFlow graphs as the peers' files are, small enough for a test."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

DATA_TYPES: dict[type, int] = {np.float32: 1, np.float64: 2, np.int32: 3}  # TensorFlow's numbers for them


def varint(value: int) -> bytes:
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def node(name: str, operation: str, inputs: Sequence[str] = (), **attributes: bytes) -> bytes:
    """One NodeDef within a GraphDef; attributes are encoded AttrValues."""
    entries = b"".join(
        field(5, field(1, key.encode()) + field(2, value)) for key, value in attributes.items()
    )
    names = b"".join(field(3, each.encode()) for each in inputs)
    return field(1, field(1, name.encode()) + field(2, operation.encode()) + names + entries)


def constant(name: str, values: object, kind: type = np.float32) -> bytes:
    array = np.asarray(values, kind)
    shape = b"".join(field(2, field(1, side)) for side in array.shape)
    tensor = field(1, DATA_TYPES[kind]) + field(2, shape) + field(4, array.tobytes())
    return node(name, "Const", value=field(8, tensor))


def convolution(name: str, source: str, kernel: str, padding: bytes = b"SAME", stride: int = 1) -> bytes:
    strides = field(1, field(3, bytes([1, stride, stride, 1])))
    return node(name, "Conv2D", [source, kernel], padding=field(2, padding), strides=strides)


def prelu(name: str, source: str, alpha: str, half: str) -> list[bytes]:
    """As TensorFlow 1 writes it: relu(x) + alpha * (x - |x|) * 0.5."""
    return [
        node(f"{name}_abs", "Abs", [source]),
        node(f"{name}_sub", "Sub", [source, f"{name}_abs"]),
        node(f"{name}_mul", "Mul", [alpha, f"{name}_sub"]),
        node(f"{name}_half", "Mul", [f"{name}_mul", half]),
        node(f"{name}_relu", "Relu", [source]),
        node(name, "Add", [f"{name}_relu", f"{name}_half"]),
    ]


def upscaler(scale: int, weights: Mapping[str, Array]) -> bytes:
    """conv 3x3 (w1, b1), PReLU (a1), conv 1x1 (w2) to scale^2 channels, depth to space, (N, C, H, W)."""
    return b"".join(
        [
            *(constant(name, array) for name, array in weights.items()),
            constant("half", 0.5),
            constant("perm", [0, 3, 1, 2], np.int32),
            node("x", "Placeholder"),
            convolution("c1", "x", "w1"),
            node("s1", "Add", ["c1", "b1"]),
            *prelu("p1", "s1", "a1", "half"),
            convolution("c2", "p1", "w2"),
            node("d", "DepthToSpace", ["c2"], block_size=field(3, scale)),
            node("y", "Transpose", ["d", "perm"]),
        ]
    )


def nearest(scale: int) -> bytes:
    """A network that repeats each pixel scale x scale times."""
    centre = np.zeros((3, 3, 1, 1), np.float32)
    centre[1, 1] = 1
    return upscaler(
        scale,
        {
            "w1": centre,
            "b1": np.zeros(1, np.float32),
            "a1": np.ones(1, np.float32),
            "w2": np.ones((1, 1, 1, scale**2), np.float32),
        },
    )
