"""Models small enough to make in a test, in a folder as `make distill` leaves it."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from vcam.manifest import FILE_NAME, MIXTURE, ModelFile, ModelSpec, manifest_text, sha256_of
from vcam.restore.confidence import FIGURES

CELL = 4
ZERO = 128


def write_weights(folder: Path, names: list[str], residual: int = ZERO) -> None:
    """Publish models of these names; each adds `residual` - 128 to every pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    content = model_bytes(residual)
    specs = {}
    for name in names:
        (folder / f"{name}.onnx").write_bytes(content)
        file = ModelFile(f"{name}.onnx", sha256_of(content), 17)
        specs[name] = ModelSpec(name, CELL, 1.0, {"int8": file, "fp32": file})
    (folder / FILE_NAME).write_text(manifest_text(specs))


def model_bytes(residual: int) -> bytes:
    """ONNX: `cells` (1, h, w, 16) uint8 in, `residual` of that shape, the same value everywhere."""
    shape = [1, "h", "w", CELL**2]
    nodes = [
        helper.make_node("Shape", ["cells"], ["shape"]),
        helper.make_node("Expand", ["value", "shape"], ["residual"]),
    ]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("cells", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("residual", TensorProto.UINT8, shape)],
        [helper.make_tensor("value", TensorProto.UINT8, [1], [residual])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def write_experts(
    folder: Path, name: str, residuals: list[int], looks: int = 1, chroma: tuple[float, ...] = ()
) -> ModelSpec:
    """Publish a model of experts, each of which adds its residual - 128 to every pixel.

    residuals  of each expert, look by look. Of the first look there are two, and the gauge tells them by the
               picture's brightness: the first has all shares where it is black, the second where it is white
    chroma     the strength of each for chroma
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"int8": experts_bytes(residuals), "gauge": gauge_bytes()}
    files = {}
    for kind, content in contents.items():
        (folder / f"{name}-{kind}.onnx").write_bytes(content)
        files[kind] = ModelFile(f"{name}-{kind}.onnx", sha256_of(content), 17)
    spec = ModelSpec(name, CELL, 1.0, files, experts=2, looks=looks, reach=1, chroma=chroma)
    (folder / FILE_NAME).write_text(manifest_text({name: spec}))
    return spec


def experts_bytes(residuals: list[int]) -> bytes:
    """ONNX: `cells` in, everywhere the experts' mean residual by the open tensor `mixture` out."""
    shape = [1, "h", "w", CELL**2]
    mixture = TensorProto(name=MIXTURE, data_type=TensorProto.FLOAT, dims=(1, len(residuals)))
    mixture.data_location = TensorProto.EXTERNAL
    for key, value in (("location", MIXTURE), ("offset", "0"), ("length", str(4 * len(residuals)))):
        mixture.external_data.add(key=key, value=value)
    nodes = [
        helper.make_node("MatMul", [MIXTURE, "experts"], ["mean"]),
        helper.make_node("Round", ["mean"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["value"], to=TensorProto.UINT8),
        helper.make_node("Shape", ["cells"], ["shape"]),
        helper.make_node("Expand", ["value", "shape"], ["residual"]),
    ]
    graph = helper.make_graph(
        nodes,
        "experts",
        [helper.make_tensor_value_info("cells", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("residual", TensorProto.UINT8, shape)],
        [mixture, helper.make_tensor("experts", TensorProto.FLOAT, [len(residuals), 1], residuals)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def gauge_bytes() -> bytes:
    """ONNX: `strips` in, two shares out, of black and of white."""
    nodes = [
        helper.make_node("Cast", ["strips"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "full"], ["white"]),
        helper.make_node("Sub", ["one", "white"], ["black"]),
        helper.make_node("Reshape", ["black", "row"], ["black row"]),
        helper.make_node("Reshape", ["white", "row"], ["white row"]),
        helper.make_node("Concat", ["black row", "white row"], ["shares"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "gauge",
        [helper.make_tensor_value_info("strips", TensorProto.UINT8, ["n", 3, "w", CELL**2])],
        [helper.make_tensor_value_info("shares", TensorProto.FLOAT, [1, 2])],
        [
            helper.make_tensor("full", TensorProto.FLOAT, [], [255.0]),
            helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
            helper.make_tensor("row", TensorProto.INT64, [2], [1, 1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def confidence_bytes(values: list[float]) -> bytes:
    """ONNX: `figures` in, these values out, one a look, whatever the figures are."""
    nodes = [
        helper.make_node("ReduceMin", ["figures"], ["least"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["least", "none"], ["zero"]),
        helper.make_node("Add", ["zero", "values"], ["confidence"]),
    ]
    graph = helper.make_graph(
        nodes,
        "confidence",
        [helper.make_tensor_value_info("figures", TensorProto.FLOAT, [1, FIGURES])],
        [helper.make_tensor_value_info("confidence", TensorProto.FLOAT, [1, len(values)])],
        [
            helper.make_tensor("none", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("values", TensorProto.FLOAT, [1, len(values)], values),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()
