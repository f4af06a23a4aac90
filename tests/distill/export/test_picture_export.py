import warnings
from contextlib import nullcontext

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from distill.catalogue import build
from distill.export.picture import PARITY_LIMIT, export_picture
from distill.export.trace import IR_VERSION, OPSET
from distill.networks.cellnet import CellNet
from distill.networks.contract import frames_of, multiple_of, planes_of
from distill.networks.cost import count_parameters
from distill.recipe import Option
from vcam.errors import ModelError

NETWORKS: list[tuple[str, dict[str, Option]]] = [
    ("cellnet", {"channels": 8, "depth": 1}),
    ("nafnet", {"channels": 8, "blocks": 1, "frames": 3}),
    ("nafnet", {"channels": 8, "blocks": 1, "colour": "rgb"}),
    ("plain", {"channels": 8, "depth": 3}),
    ("enhanced", {"channels": 8, "blocks": 1, "reduction": 1}),
]


class Blunt(nn.Module):
    """A network that reads a pixel by Python: tracing takes it for a constant."""

    colour, frames, multiple = "luma", 1, 1

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return seen + float(seen[0, 0, 0, 0])


@pytest.fixture(params=NETWORKS, ids=lambda pair: f"{pair[0]} {len(pair[1])}")
def network(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return build(*request.param)


@torch.no_grad()
def test_the_file_computes_what_torch_does_at_any_size(network: nn.Module) -> None:
    session = onnxruntime.InferenceSession(export_picture(network, {}), providers=["CPUExecutionProvider"])
    planes, unit = frames_of(network) * planes_of(network), multiple_of(network)
    for height, width in ((8 * unit, 8 * unit), (5 * unit, 9 * unit), (24 * unit, 16 * unit)):
        seen = torch.rand(1, planes, height, width)
        (restored,) = session.run(["restored"], {"seen": seen.numpy()})
        assert restored.dtype == np.float32
        assert restored.shape == (1, planes_of(network), height, width)
        assert np.abs(restored - network(seen).numpy()).max() <= PARITY_LIMIT


def test_the_file_says_what_it_takes(network: nn.Module) -> None:
    model = onnx.load_from_string(export_picture(network, {"name": "toy", "commit": "abc"}))
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "name": "toy",
        "commit": "abc",
        "colour": "rgb" if planes_of(network) == 3 else "luma",
        "frames": str(frames_of(network)),
        "multiple": str(multiple_of(network)),
    }
    assert model.ir_version == IR_VERSION
    assert [entry.version for entry in model.opset_import if not entry.domain] == [OPSET]


def test_a_trained_students_file_computes_what_torch_does(student: CellNet) -> None:
    assert export_picture(student, {})  # it compares


def test_whitening_is_folded_away() -> None:
    window = build("nafnet", {"channels": 8, "blocks": 1, "frames": 7})
    content = export_picture(window, {})
    # 50 kB: the graph itself; the whitening alone would be 4 MB
    assert len(content) < 4 * count_parameters(window) + 50_000


def test_exporting_leaves_the_network_as_it_was(student: CellNet) -> None:
    before = {name: value.clone() for name, value in student.state_dict().items()}
    export_picture(student, {})
    after = student.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_file_that_computes_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match=r"the exported file differs from torch by .* of full scale"):
        export_picture(Blunt(), {})


def test_warnings_of_others_are_not_swallowed() -> None:
    network = CellNet(4, 8, 1)
    network.register_forward_pre_hook(lambda *inputs: warnings.warn("mind the step", stacklevel=2))
    with pytest.warns(UserWarning, match="mind the step"):
        export_picture(network, {})


@pytest.mark.parametrize("rounded", [True, False])
def test_a_network_that_rounds_may_differ_by_part_of_a_code_value(rounded: bool) -> None:
    class Near(Blunt):
        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            return seen + 1e-3 * float(seen[0, 0, 0, 0])

    network = Near()
    network.rounded = rounded
    with nullcontext() if rounded else pytest.raises(ModelError, match=r"expected at most 0\.0002"):
        export_picture(network, {})
