"""Models small enough to make in a test, in a folder as `make distill` leaves it."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from vcam.manifest import FILE_NAME, ModelFile, ModelSpec, manifest_text, sha256_of

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
