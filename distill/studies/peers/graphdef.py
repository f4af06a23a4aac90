"""Reads frozen TensorFlow graphs (GraphDef) of small networks, without TensorFlow.

Source of the format: tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Value: TypeAlias = int | bytes

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
DATA_TYPES = {1: np.dtype("<f4"), 3: np.dtype("<i4")}  # TensorFlow's DataType: float, int32


@dataclass(frozen=True)
class Node:
    """One operation of a graph; its output has its name."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, bytes]  # name -> AttrValue, encoded

    def text(self, attribute: str) -> str:
        return _bytes(dict(_fields(self.attributes[attribute]))[2]).decode()

    def integers(self, attribute: str) -> list[int]:
        """A number, or a list of them, in order."""
        values = dict(_fields(self.attributes[attribute]))
        if 3 in values:
            return [_integer(values[3])]
        packed, place, numbers = _bytes(dict(_fields(_bytes(values[1])))[3]), 0, []
        while place < len(packed):
            number, place = _varint(packed, place)
            numbers.append(number)
        return numbers

    def tensor(self) -> Array:
        """The value of a Const node: float32 or int32."""
        fields = dict(_fields(_bytes(dict(_fields(self.attributes["value"]))[8])))
        kind = _integer(fields[1])
        if kind not in DATA_TYPES:
            raise ValueError(
                f"{self.name} holds numbers of TensorFlow's type {kind}, expected float or int32"
            )
        sides = [dict(_fields(_bytes(part))) for key, part in _fields(_bytes(fields[2])) if key == 2]
        shape = [_integer(side[1]) for side in sides]
        values = np.frombuffer(_bytes(fields[4] if 4 in fields else fields[5]), DATA_TYPES[kind])
        # one value may stand for all
        return values.reshape(shape) if values.size > 1 else np.full(shape, values.item(), values.dtype)


def read_graph(content: bytes) -> list[Node]:
    """The nodes of an encoded GraphDef. Raises ValueError, IndexError or KeyError if it is not valid."""
    return [_read_node(_bytes(value)) for number, value in _fields(content) if number == 1]


def _read_node(message: bytes) -> Node:
    parts = [(key, part) for key, part in _fields(message) if isinstance(part, bytes)]
    names = {key: part.decode() for key, part in parts if key in (1, 2)}
    entries = [dict(_fields(part)) for key, part in parts if key == 5]
    attributes = {_bytes(entry[1]).decode(): _bytes(entry[2]) for entry in entries}
    return Node(names[1], names[2], tuple(part.decode() for key, part in parts if key == 3), attributes)


def _fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Field numbers and values of one encoded protocol-buffer message."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == VARINT:
            number, place = _varint(message, place)
            yield tag >> 3, number
            continue
        length = {FIXED64: 8, FIXED32: 4}.get(kind)
        if kind == BYTES:
            length, place = _varint(message, place)
        if length is None or place + length > len(message):
            raise ValueError(f"byte {place} of {len(message)} is not valid in a protocol buffer")
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A varint (groups of 7 bits, lowest first), and the position after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise ValueError(f"the number {value}, expected a message")
    return value


def _integer(value: Value) -> int:
    if isinstance(value, bytes):
        raise ValueError(f"a message of {len(value)} bytes, expected a number")
    return value
