"""A student's file as any engine compiles it: operators of ONNX alone, constant weights, one fixed size.

The shipped int8 file is the one source. It has ONNX Runtime's own operators, and weights that are mixed when
a session is opened; engines which compile a graph know neither. Here the mixture is computed, and each
integer operator becomes the same one on floats between a DequantizeLinear and a QuantizeLinear ("QDQ"), which
an engine joins into an integer kernel of its own. Pictures are (1, C, h, w) inside; engines that keep
channels last take the transpositions at both ends away.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from vcam.restore.onnx_graph import (
    KINDS,
    NUMBERS,
    Array,
    Graph,
    Node,
    describe_end,
    read_graph,
    whole_attribute,
    write_graph,
)

FOLDED: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {"MatMul": np.matmul, "Round": np.rint, "Reshape": np.reshape}
)
FLOAT = NUMBERS[np.dtype(np.float32)]
OWN_DOMAIN = "com.microsoft"


def make_portable(content: bytes, bound: Mapping[str, Array], shape: tuple[int, ...]) -> bytes:
    """A shipped file with its weights mixed, for pictures of one size.

    content  of a file with the contract of vcam.manifest.ModelSpec
    bound    values of the tensors that the file leaves open
    shape    of `cells`, (1, h, w, channels)

    Returns an ONNX file; its output differs from the shipped one's by an engine's rounding alone.
    Raises ValueError if the file has what cannot be rewritten.
    """
    graph = read_graph(content)
    graph.constants |= bound
    rewrite = _Rewrite(graph)
    for node in graph.nodes:
        rewrite.take(node)
    (cells,) = graph.inputs
    inputs = {cells: describe_end(cells, np.uint8, shape)}
    opsets = {name: version for name, version in graph.opsets.items() if name != OWN_DOMAIN}
    return write_graph(Graph(rewrite.nodes, rewrite.constants, inputs, graph.outputs, opsets))


class _Rewrite:
    """Nodes and constants of the new graph, node by node of the old one."""

    def __init__(self, graph: Graph) -> None:
        self.nodes: list[Node] = []
        self.constants = dict(graph.constants)
        self._given = set(graph.inputs)  # pictures that are the input's own bytes
        self._real: dict[str, str] = {}  # uint8 picture -> the same in floats

    def take(self, node: Node) -> None:
        if self._fold(node):
            return
        if node.operator == "QLinearConv":
            self._convolve(node)
        elif node.operator == "QLinearAdd":
            left, right, ends = node.inputs[:3], node.inputs[3:6], node.inputs[6:]
            terms = self._dequantise(*left), self._dequantise(*right)
            self._quantise(Node("Add", terms, self._named(node)), *ends)
        elif node.domain:
            raise ValueError(f"it has the operator {node.operator} of {node.domain}, not of ONNX")
        else:
            if node.operator == "Transpose" and node.inputs[0] in self._given:
                self._given.add(node.outputs[0])
            self.nodes.append(node)

    def _fold(self, node: Node) -> bool:
        """Compute a node whose inputs are all constants; False if it is to stay."""
        if not all(name in self.constants for name in node.inputs):
            return False
        values = [self.constants[name] for name in node.inputs]
        if node.operator == "Cast":
            kind = KINDS.get(node.whole("to") or 0)
            if kind is None:
                return False
            self.constants[node.outputs[0]] = values[0].astype(kind)
        elif node.operator in FOLDED:
            self.constants[node.outputs[0]] = FOLDED[node.operator](*values)
        else:
            return False
        return True

    def _convolve(self, node: Node) -> None:
        picture, scale, zero, weight, steps, zeros, to_scale, to_zero, bias = node.inputs
        real_weight, real_bias = f"{weight}.dequantised", f"{bias}.dequantised"
        per_output = (whole_attribute("axis", 0),)
        self.nodes.append(Node("DequantizeLinear", (weight, steps, zeros), (real_weight,), per_output))
        self.constants[f"{bias}.steps"] = np.multiply(self.constants[scale], self.constants[steps])
        self.nodes.append(Node("DequantizeLinear", (bias, f"{bias}.steps"), (real_bias,), per_output))
        inputs = self._dequantise(picture, scale, zero), real_weight, real_bias
        self._quantise(Node("Conv", inputs, self._named(node), node.attributes), to_scale, to_zero)

    def _named(self, node: Node) -> tuple[str]:
        return (f"{node.outputs[0]}.exact",)

    def _quantise(self, node: Node, scale: str, zero: str) -> None:
        self.nodes.append(node)
        output = node.outputs[0].removesuffix(".exact")
        self.nodes.append(Node("QuantizeLinear", (node.outputs[0], scale, zero), (output,)))

    def _dequantise(self, picture: str, scale: str, zero: str) -> str:
        """The name of a uint8 picture in floats."""
        if picture not in self._real:
            integer = self._requantise(picture, scale, zero) if picture in self._given else picture
            self._real[picture] = f"{picture}.dequantised"
            self.nodes.append(Node("DequantizeLinear", (integer, scale, zero), (self._real[picture],)))
        return self._real[picture]

    def _requantise(self, picture: str, scale: str, zero: str) -> str:
        """The input once more, as a result of QuantizeLinear.

        OpenVINO takes only such a picture into integer kernels: without it, the first convolution runs in
        floats. That costs `fast` a third.
        """
        offset, factor = f"{picture}.offset", f"{picture}.factor"
        self.constants[offset] = self.constants[zero].astype(np.float32)
        self.constants[factor] = self.constants[scale]
        steps = [
            Node("Cast", (picture,), (f"{picture}.float",), (whole_attribute("to", FLOAT),)),
            Node("Sub", (f"{picture}.float", offset), (f"{picture}.centred",)),
            Node("Mul", (f"{picture}.centred", factor), (f"{picture}.scaled",)),
            Node("QuantizeLinear", (f"{picture}.scaled", scale, zero), (f"{picture}.again",)),
        ]
        self.nodes += steps
        return f"{picture}.again"
