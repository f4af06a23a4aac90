from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from report_files import write_record

from distill.report.costs import Cost, costs_of, count_costs
from distill.report.records import read_records


def x2_network() -> onnx.ModelProto:
    """A 3x3 convolution from 1 to 4 channels with its bias, then depth to space."""
    nodes = [
        helper.make_node("Conv", ["seen", "kernel", "bias"], ["deep"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["deep"], ["restored"], blocksize=2),
    ]
    weights = [
        numpy_helper.from_array(np.zeros((4, 1, 3, 3), np.float32), "kernel"),
        numpy_helper.from_array(np.zeros(4, np.float32), "bias"),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "c", "h", "w"])
        for name in ("seen", "restored")
    ]
    graph = helper.make_graph(nodes, "toy", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_macs_are_counted_for_an_output_pixel() -> None:
    assert count_costs(x2_network()) == Cost(40, 9.0)  # 36 weights on a quarter of the output's pixels


def test_a_peers_network_is_counted(tmp_path: Path) -> None:
    assert costs_of({}, tmp_path, {}, {"webcam-ESPCN": x2_network()}) == {"webcam-ESPCN": Cost(40, 9.0)}


def test_a_records_costs_are_its_own(tmp_path: Path) -> None:
    write_record(tmp_path)
    assert costs_of({}, tmp_path, read_records(tmp_path), {}) == {"tiny": Cost(499, 480.0)}
