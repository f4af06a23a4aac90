"""Networks as recipes publish them, small enough for a test."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = {"luma": 1, "rgb": 3}


def write_network(
    path: Path,
    colour: str = "luma",
    frames: int = 1,
    multiple: int = 1,
    shown: int | None = None,
    gain: float = 1.0,
    changed: Mapping[str, str] | None = None,
) -> Path:
    """A network that shows frame number `shown` of its window, `gain` times; `changed` metadata.

    It fails where a side is no multiple of `multiple`.
    """
    channels = CHANNELS[colour]
    kernel = np.zeros((channels, frames * channels, 1, 1), np.float32)
    first = channels * (frames // 2 if shown is None else shown)
    for channel in range(channels):
        kernel[channel, first + channel] = gain
    nodes = [
        helper.make_node("SpaceToDepth", ["seen"], ["deep"], blocksize=multiple),
        helper.make_node("DepthToSpace", ["deep"], ["same"], blocksize=multiple, mode="DCR"),
        helper.make_node("Conv", ["same", "kernel"], ["restored"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, depth, "h", "w"])
        for name, depth in (("seen", frames * channels), ("restored", channels))
    ]
    graph = helper.make_graph(nodes, "toy", ends[:1], ends[1:], [numpy_helper.from_array(kernel, "kernel")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    facts = {"name": path.stem, "colour": colour, "frames": str(frames), "multiple": str(multiple)}
    for key, value in (facts | dict(changed or {})).items():
        if value:
            model.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    path.write_bytes(model.SerializeToString())
    return path


def write_upscaler(path: Path, channels: int = 3) -> Path:
    """A network that repeats each pixel 2x2 times, as (1, C, H, W) float32."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, *sides])
        for name, sides in (("input", ("h", "w")), ("output", ("h2", "w2")))
    ]
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    node = helper.make_node(
        "Resize",
        ["input", "", "scales"],
        ["output"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    graph = helper.make_graph([node], "toy", ends[:1], ends[1:], [scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path
