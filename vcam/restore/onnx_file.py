"""What an ONNX file would read beside itself: the sha256 of a file says nothing of other files.

ONNX is Protocol Buffers. Only messages that can hold a reference are walked; the rest is skipped by length.
"""

from collections.abc import Iterator, Mapping, Set
from typing import TypeAlias

from vcam.errors import ModelError

# message -> number of a field -> message in it; onnx.proto, IR version 11
MESSAGES: Mapping[str, Mapping[int, str]] = {
    "Model": {7: "Graph", 20: "TrainingInfo", 25: "Function"},
    "TrainingInfo": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
}
NAME, EXTERNAL_DATA, DATA_LOCATION = 8, 13, 14  # fields of a tensor
INITIALISER = ("Model", "Graph")  # what a tensor that may be bound lies in
OPERATOR = 4  # a field of a node
CONTEXT = b"EPContext"  # an operator that loads a file which a provider has compiled
ORT_MARK = slice(4, 8)
ORT_FORMAT = b"ORTM"  # ONNX Runtime's own format, which is no Protocol Buffer

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FIXED = {FIXED64: 8, FIXED32: 4}
VARINT_LONGEST = 10
DEEPEST = 100  # messages in each other: as far as Protocol Buffers' own readers go

Field: TypeAlias = tuple[int, int | memoryview]  # its number, and a varint or its bytes


def check_self_contained(content: bytes, name: str, open_tensors: Set[str] = frozenset()) -> None:
    """Make sure that a model is one ONNX file and nothing else.

    name          of the model, for the error
    open_tensors  initialisers that may be left open, since they are bound when a session is opened

    Raises ModelError if it is not.
    """
    try:
        found = sorted(set(find_references(content)) - open_tensors)
    except ValueError as error:
        raise ModelError(f"cannot load the model {name!r}: {error}; run: make distill") from None
    if found:
        raise ModelError(
            f"the model {name!r} refers to other files (in {', '.join(found)[:200]}), "
            "expected one file that holds everything; run: make distill"
        )


def find_references(content: bytes) -> Iterator[str]:
    """What refers to other files: open initialisers by their names, all others with where they are.

    Raises ValueError if the content is not an ONNX file.
    """
    if content[ORT_MARK] == ORT_FORMAT:
        raise ValueError("it is in ONNX Runtime's own format, expected ONNX")
    yield from _walk("Model", memoryview(content), ())


def _walk(message: str, data: memoryview, parents: tuple[str, ...]) -> Iterator[str]:
    if len(parents) > DEEPEST:
        raise ValueError(f"it nests deeper than {DEEPEST} messages")
    name, is_external = "", False
    for number, value in read_fields(data):
        if number in MESSAGES[message]:
            yield from _walk(MESSAGES[message][number], _as_bytes(value), (*parents, message))
        elif message == "Node" and (number, value) == (OPERATOR, CONTEXT):
            yield f"an {CONTEXT.decode()}"
        elif message == "Tensor":
            name = bytes(_as_bytes(value)).decode(errors="replace") if number == NAME else name
            is_external = is_external or number == EXTERNAL_DATA or (number == DATA_LOCATION and value != 0)
    if is_external:
        yield name if parents == INITIALISER else f"{name!r} of a {parents[-1]}"


def read_fields(data: memoryview) -> Iterator[Field]:
    """The fields of a message. Raises ValueError if it is not one."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if wire == BYTES:
            length, at = _read_varint(data, at)
        elif wire in FIXED:
            length = FIXED[wire]
        else:
            raise ValueError("it is not an ONNX file")
        if length > len(data) - at:
            raise ValueError("it is not an ONNX file, or not a whole one")
        yield number, data[at : at + length]
        at += length


def read_varints(data: memoryview) -> Iterator[int]:
    """The numbers of a packed field. Raises ValueError if it is none."""
    at = 0
    while at < len(data):
        value, at = _read_varint(data, at)
        yield value


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number, and where what follows begins."""
    value = 0
    for shift in range(VARINT_LONGEST):
        if at + shift >= len(data):
            raise ValueError("it is not an ONNX file, or not a whole one")
        byte = data[at + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at + shift + 1
    raise ValueError("it is not an ONNX file")


def _as_bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is not an ONNX file")
    return value
