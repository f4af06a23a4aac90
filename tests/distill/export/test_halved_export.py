import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from torch import nn

from distill.export.halve import halve, round_to_half, weights_of
from distill.export.picture import export_picture
from distill.studies.networks.residual import ResidualNet


@torch.no_grad()
def test_a_halved_file_computes_what_the_rounded_network_does_in_half_the_bytes() -> None:
    torch.manual_seed(0)
    network = ResidualNet(16, 2).eval()
    round_to_half(network)
    whole = export_picture(network, {"name": "toy"})
    content = halve(whole)
    assert len(content) < 0.6 * len(whole)
    seen = torch.rand(1, 3, 24, 40)
    (restored,) = InferenceSession(content, providers=["CPUExecutionProvider"]).run(
        None, {"seen": seen.numpy()}
    )
    np.testing.assert_allclose(restored, network(seen).numpy(), atol=2e-4)  # float32 sums in another order


def test_the_weights_of_a_halved_file_are_read_back_under_their_own_names() -> None:
    network = ResidualNet(4, 1)
    round_to_half(network)
    read = weights_of(onnx.load_from_string(halve(export_picture(network, {}))).graph.initializer)
    assert read.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert torch.equal(read[name], value)


def test_what_half_precision_cannot_hold_is_not_rounded_in_silence() -> None:
    network = nn.Conv2d(1, 1, 1)
    nn.init.constant_(network.weight, 1e5)
    with pytest.raises(OverflowError, match="weight has values beyond half precision"):
        round_to_half(network)
