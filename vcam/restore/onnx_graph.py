"""An ONNX graph as nodes and constants: read from a file, changed, and written as another file.

Only what a shipped student is made of; `onnx` itself is a dependency of training alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from vcam.restore.onnx_file import Field, read_fields, read_varints

Array = npt.NDArray[np.generic]

KINDS: Mapping[int, np.dtype[np.generic]] = MappingProxyType(
    {number: np.dtype(name) for number, name in {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8"}.items()}
)
NUMBERS = {kind: number for number, kind in KINDS.items()}
IR_VERSION = 9  # older ONNX Runtimes than ours read it

# fields of the messages in onnx.proto
MODEL_GRAPH, MODEL_OPSET, MODEL_IR = 7, 8, 1
GRAPH_NODE, GRAPH_NAME, GRAPH_CONSTANT, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OPERATOR, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 4, 5, 7
TENSOR_DIMS, TENSOR_KIND, TENSOR_NAME, TENSOR_LOCATION = 1, 2, 8, 14
TENSOR_FLOATS, TENSOR_INT32S, TENSOR_INT64S, TENSOR_RAW = 4, 5, 7, 9
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_KIND = 1, 3, 20
INT_ATTRIBUTE = 2  # in ATTRIBUTE_KIND
OPSET_DOMAIN, OPSET_VERSION = 1, 2


@dataclass(frozen=True)
class Node:
    """One operator; its attributes are whole messages, as the file has them."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[bytes, ...] = ()
    domain: str = ""

    def whole(self, name: str) -> int | None:
        """The value of an attribute that is a whole number; None if the node has none of this name."""
        for message in self.attributes:
            fields = dict(read_fields(memoryview(message)))
            if _text(fields.get(ATTRIBUTE_NAME, b"")) == name:
                return _whole(fields.get(ATTRIBUTE_INT, 0))
        return None


@dataclass
class Graph:
    """Nodes in the order of execution; inputs and outputs are whole messages of their names and types."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)


def read_graph(content: bytes) -> Graph:
    """Read a model file; a constant whose values are elsewhere is left out.

    Raises ValueError if it is not an ONNX file, or if a constant has a type that no student has.
    """
    graph = Graph()
    for number, value in read_fields(memoryview(content)):
        if number == MODEL_OPSET:
            fields = dict(read_fields(_bytes(value)))
            graph.opsets[_text(fields.get(OPSET_DOMAIN, b""))] = _whole(fields.get(OPSET_VERSION, 0))
        elif number == MODEL_GRAPH:
            for each in read_fields(_bytes(value)):
                _read_part(graph, each)
    return graph


def _read_part(graph: Graph, part: Field) -> None:
    number, value = part
    if number == GRAPH_NODE:
        graph.nodes.append(_read_node(_bytes(value)))
    elif number == GRAPH_CONSTANT:
        graph.constants |= _read_tensor(_bytes(value))
    elif number in (GRAPH_INPUT, GRAPH_OUTPUT):
        ends = graph.inputs if number == GRAPH_INPUT else graph.outputs
        ends[_text(dict(read_fields(_bytes(value)))[1])] = bytes(_bytes(value))


def _read_node(data: memoryview) -> Node:
    fields = list(read_fields(data))

    def texts(wanted: int) -> tuple[str, ...]:
        return tuple(_text(value) for number, value in fields if number == wanted)

    attributes = tuple(bytes(_bytes(value)) for number, value in fields if number == NODE_ATTRIBUTE)
    return Node(
        "".join(texts(NODE_OPERATOR)),
        texts(NODE_INPUT),
        texts(NODE_OUTPUT),
        attributes,
        "".join(texts(NODE_DOMAIN)),
    )


def _read_tensor(data: memoryview) -> dict[str, Array]:
    """A constant by its name; nothing if its values are elsewhere."""
    fields = list(read_fields(data))
    last = dict(fields)
    name = _text(last.get(TENSOR_NAME, b""))
    if _whole(last.get(TENSOR_LOCATION, 0)):
        return {}
    kind = KINDS.get(_whole(last.get(TENSOR_KIND, 0)))
    if kind is None:
        raise ValueError(f"the constant {name!r} is of type {last.get(TENSOR_KIND)}, expected {[*KINDS]}")
    shape = list(_read_whole_numbers(fields, TENSOR_DIMS))
    if TENSOR_RAW in last:
        return {name: np.frombuffer(_bytes(last[TENSOR_RAW]), kind).reshape(shape)}
    if kind.kind == "f":
        return {name: np.frombuffer(_bytes(last.get(TENSOR_FLOATS, memoryview(b""))), kind).reshape(shape)}
    number = TENSOR_INT64S if kind.itemsize == 8 else TENSOR_INT32S
    return {name: np.array([*_read_whole_numbers(fields, number)], np.int64).astype(kind).reshape(shape)}


def _read_whole_numbers(fields: Iterable[Field], wanted: int) -> Iterator[int]:
    """The numbers of a repeated field, packed or one by one."""
    for number, value in fields:
        if number == wanted:
            for each in [value] if isinstance(value, int) else read_varints(value):
                yield each - (1 << 64) if each >> 63 else each


def write_graph(graph: Graph) -> bytes:
    """A model file of this graph; constants that no node uses are left out."""
    used = {name for node in graph.nodes for name in node.inputs}
    parts = [_put(GRAPH_NODE, _write_node(node)) for node in graph.nodes]
    parts.append(_put(GRAPH_NAME, b"student"))
    constants = [each for each in graph.constants.items() if each[0] in used]
    parts += [_put(GRAPH_CONSTANT, _write_tensor(*each)) for each in constants]
    parts += [_put(GRAPH_INPUT, message) for message in graph.inputs.values()]
    parts += [_put(GRAPH_OUTPUT, message) for message in graph.outputs.values()]
    opsets = (
        _put(OPSET_DOMAIN, name.encode()) + _put_int(OPSET_VERSION, version)
        for name, version in graph.opsets.items()
    )
    model = [_put_int(MODEL_IR, IR_VERSION), *(_put(MODEL_OPSET, each) for each in opsets)]
    return b"".join([*model, _put(MODEL_GRAPH, b"".join(parts))])


def describe_end(name: str, kind: type[np.generic], shape: Iterable[int]) -> bytes:
    """The message of an input or output of fixed shape."""
    dims = b"".join(_put(1, _put_int(1, side)) for side in shape)
    tensor = _put_int(1, NUMBERS[np.dtype(kind)]) + _put(2, dims)
    return _put(1, name.encode()) + _put(2, _put(1, tensor))


def whole_attribute(name: str, value: int) -> bytes:
    """The message of an attribute that is a whole number, zero or above."""
    return (
        _put(ATTRIBUTE_NAME, name.encode())
        + _put_int(ATTRIBUTE_INT, value)
        + _put_int(ATTRIBUTE_KIND, INT_ATTRIBUTE)
    )


def _write_node(node: Node) -> bytes:
    parts = [_put(NODE_INPUT, name.encode()) for name in node.inputs]
    parts += [_put(NODE_OUTPUT, name.encode()) for name in node.outputs]
    parts.append(_put(NODE_OPERATOR, node.operator.encode()))
    parts += [_put(NODE_ATTRIBUTE, message) for message in node.attributes]
    return b"".join([*parts, _put(NODE_DOMAIN, node.domain.encode())])


def _write_tensor(name: str, value: Array) -> bytes:
    kind = value.dtype.newbyteorder("<")
    dims = b"".join(_put_int(TENSOR_DIMS, side) for side in value.shape)
    ends = _put(TENSOR_NAME, name.encode()) + _put(TENSOR_RAW, value.astype(kind).tobytes())
    return dims + _put_int(TENSOR_KIND, NUMBERS[kind]) + ends


def _put(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _put_int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _bytes(value: int | memoryview | bytes) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is not an ONNX file")
    return memoryview(value)


def _text(value: int | memoryview | bytes) -> str:
    return bytes(_bytes(value)).decode(errors="replace")


def _whole(value: int | memoryview | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("it is not an ONNX file")
    return value
