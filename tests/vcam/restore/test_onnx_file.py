from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, onnx_ml_pb2
from stand_in import experts_bytes, gauge_bytes, model_bytes

from vcam.errors import ModelError
from vcam.manifest import MIXTURE
from vcam.restore import CPU_PROVIDER
from vcam.restore.engine import open_session
from vcam.restore.onnx_file import MESSAGES, check_self_contained, find_references


def external(name: str, location: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.UINT8, dims=(16,))
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def graph_of(*nodes: onnx.NodeProto, initialisers: tuple[TensorProto, ...] = ()) -> onnx.GraphProto:
    shape = [1, "h", "w", 16]
    ends = [helper.make_tensor_value_info(name, TensorProto.UINT8, shape) for name in ("cells", "residual")]
    return helper.make_graph(list(nodes), "test", ends[:1], ends[1:], list(initialisers))


def bytes_of(graph: onnx.GraphProto) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def add(name: str) -> onnx.NodeProto:
    return helper.make_node("Add", ["cells", name], ["residual"])


@pytest.mark.parametrize("content", [model_bytes(130), gauge_bytes()])
def test_a_model_in_one_file_is_taken(content: bytes) -> None:
    check_self_contained(content, "toy")


def test_what_is_bound_when_a_session_is_opened_may_be_left_open() -> None:
    check_self_contained(experts_bytes([138, 118]), "toy", frozenset({MIXTURE}))
    with pytest.raises(ModelError, match=r"'toy' refers to other files \(in mixture\)"):
        check_self_contained(experts_bytes([138, 118]), "toy")


def test_a_models_session_reads_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime would read it: its sha256 says nothing of what it refers to."""
    (tmp_path / "secret").write_bytes(b"0123456789abcdef")
    monkeypatch.chdir(tmp_path)
    content = bytes_of(graph_of(add("w"), initialisers=(external("w", "secret"),)))
    with pytest.raises(ModelError, match=r"refers to other files \(in w\), expected one file"):
        open_session(content, "toy", 1, [CPU_PROVIDER])


def test_a_bound_name_does_not_excuse_a_tensor_elsewhere() -> None:
    """Only an initialiser of the whole graph is bound; one of that name inside a node would be read."""
    constant = helper.make_node("Constant", [], ["w"], value=external(MIXTURE, "/etc/passwd"))
    with pytest.raises(ModelError, match="'mixture' of a Attribute"):
        check_self_contained(bytes_of(graph_of(constant, add("w"))), "toy", frozenset({MIXTURE}))


def test_a_subgraph_a_function_and_a_sparse_tensor_are_looked_into() -> None:
    inner = helper.make_graph([], "inner", [], [], [external("in a branch", "x")])
    branch = helper.make_node("If", ["cells"], ["residual"], then_branch=inner, else_branch=inner)
    sparse = onnx.SparseTensorProto(values=external("sparse", "x"), dims=[16])
    model = helper.make_model(graph_of(branch))
    model.graph.sparse_initializer.append(sparse)
    constant = helper.make_node("Constant", [], ["w"], value=external("in a function", "x"))
    function = helper.make_function("toy", "f", [], ["w"], [constant], [helper.make_opsetid("", 17)])
    model.functions.append(function)
    found = " ".join(find_references(model.SerializeToString()))
    assert all(f"'{name}'" in found for name in ("in a branch", "in a function", "sparse"))


def test_an_engine_that_another_file_holds_is_refused() -> None:
    node = helper.make_node("EPContext", ["cells"], ["residual"], domain="com.microsoft", embed_mode=0)
    with pytest.raises(ModelError, match="in an EPContext"):
        check_self_contained(bytes_of(graph_of(node)), "toy")


def test_every_message_that_can_hold_a_reference_is_walked() -> None:
    """Against the definition of ONNX that is installed: a newer one must not add a road past the check."""
    edges: dict[str, dict[int, str]] = {}
    todo = [onnx_ml_pb2.ModelProto.DESCRIPTOR]
    while todo:
        message = todo.pop()
        if message.full_name not in edges:
            inner = {field.number: field.message_type for field in message.fields if field.message_type}
            edges[message.full_name] = {number: kind.full_name for number, kind in inner.items()}
            todo += inner.values()
    holders = {"onnx.TensorProto", "onnx.NodeProto"}
    for _ in edges:  # as often as the longest road is long
        holders |= {name for name, inner in edges.items() if holders & set(inner.values())}

    def short(name: str) -> str:
        return name.removeprefix("onnx.").removesuffix("Proto")

    expected = {
        short(name): {number: short(kind) for number, kind in edges[name].items() if kind in holders}
        for name in holders
    }
    assert {name: dict(inner) for name, inner in MESSAGES.items()} == expected


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"no model", "not an ONNX file"),
        (model_bytes(130)[:-3], "not a whole one"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "not an ONNX file"),
        (b"\x00\x00\x00\x00ORTM", "ONNX Runtime's own format"),
        (b"\x38\x01", "not an ONNX file"),  # a graph that is a number
    ],
)
def test_what_is_not_onnx_is_refused(content: bytes, word: str) -> None:
    with pytest.raises(ModelError, match=f"cannot load the model 'toy': .*{word}"):
        check_self_contained(content, "toy")


def test_a_file_that_nests_without_end_is_refused() -> None:
    content = numpy_helper.from_array(np.zeros(1, np.float32)).SerializeToString()
    for number in [7, *[1, 5, 6] * 200][::-1]:  # graphs of nodes of attributes of graphs
        content = bytes([number << 3 | 2]) + _varint(len(content)) + content
    with pytest.raises(ModelError, match="nests deeper than 100"):
        check_self_contained(content, "toy")


def test_mutated_files_raise_nothing_else() -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(experts_bytes([138, 118]), np.uint8)
    for _ in range(500):
        content = whole.copy()
        content[rng.integers(0, len(content), 4)] = rng.integers(0, 256, 4)
        with suppress(ModelError):
            check_self_contained(content.tobytes(), "toy", frozenset({MIXTURE}))


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
