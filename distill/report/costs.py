"""Cost of contenders: parameters, and multiply-accumulates per output pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx

from distill.evaluate.baselines import crisp_name
from distill.evaluate.contenders import load_graph, read_network
from distill.report.records import Record
from vcam.manifest import ModelSpec

SIDE = 64  # of pictures for counting the MACs of a graph


@dataclass(frozen=True)
class Cost:
    """Parameters; multiply-accumulates of convolutions and linear layers per output pixel."""

    parameters: int | None
    macs_per_pixel: float | None


def costs_of(
    shipped: Mapping[str, ModelSpec],
    weights: Path,
    records: Mapping[str, Record],
    peers: Mapping[str, onnx.ModelProto],
) -> dict[str, Cost]:
    """Costs by contender: of shipped models, recipes and peers.

    Raises ModelError if a network's file is missing or not a network.
    """
    costs = {name: Cost(record.parameters, record.macs_per_pixel) for name, record in records.items()}
    for name, spec in shipped.items():
        costs[name] = Cost(_parameters_of(spec, weights), spec.macs_per_pixel)
        if spec.looks > 1:
            costs[crisp_name(name)] = costs[name]
    return costs | {name: count_costs(network) for name, network in peers.items()}


def _parameters_of(spec: ModelSpec, weights: Path) -> int | None:
    """Parameters in a shipped model's fp32 and gauge files, for all looks; None without the fp32 file."""
    if "fp32" not in spec.files:
        return None
    paths = [weights / spec.files[kind].name for kind in ("fp32", "gauge") if kind in spec.files]
    return sum(count_onnx_parameters(load_graph(read_network(path)[0], path)) for path in paths)


def count_costs(model: onnx.ModelProto) -> Cost:
    """Costs of a convolutional network from pictures to pictures, at any scale."""
    shapes = _shapes(model)
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    macs = sum(
        prod(weights[node.input[1]]) * prod(shapes[node.output[0]][2:])
        for node in model.graph.node
        if node.op_type == "Conv"
    )
    return Cost(count_onnx_parameters(model), macs / prod(shapes[model.graph.output[0].name][2:]))


def count_onnx_parameters(model: onnx.ModelProto) -> int:
    """Number of values in a network's initializers: floats, and the integers of experts."""
    return sum(
        prod(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT8)
        and prod(tensor.dims) > 1
        and tensor.data_location != onnx.TensorProto.EXTERNAL
        and not tensor.name.endswith(".step")  # of the experts' grid
    )


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Every tensor's shape for an input of (1, C, SIDE, SIDE)."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    kernels = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    sides = (1, kernels[first.input[1]][1], SIDE, SIDE)
    for size, side in zip(fixed.graph.input[0].type.tensor_type.shape.dim, sides, strict=True):
        size.dim_value = side
    for end in fixed.graph.output:
        end.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph
    return {
        tensor.name: tuple(size.dim_value for size in tensor.type.tensor_type.shape.dim)
        for tensor in (*inferred.value_info, *inferred.output)
    }
