from pathlib import Path

import pytest
import torch
from torch import nn
from weight_files import write_ncnn

from distill.studies.networks.weights import read_ncnn_convolutions, read_torch_weights
from vcam.errors import ModelError


@pytest.fixture
def conv() -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(1, 3, 3)  # 27 weights, so that fp16 needs padding


def test_weights_come_as_float32(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2, dtype=torch.float16)}, tmp_path / "x.pth")
    assert read_torch_weights(tmp_path / "x.pth")["a"].dtype == torch.float32


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no weights at .*x\.pth"):
        read_torch_weights(tmp_path / "x.pth")


def test_a_file_that_torch_cannot_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(b"<html>not found</html>")
    with pytest.raises(ModelError, match="not a torch file of plain weights"):
        read_torch_weights(tmp_path / "x.pth")


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save(nn.ReLU(), tmp_path / "x.pth")  # a whole module, which unpickling would construct
    with pytest.raises(ModelError, match="not a torch file of plain weights"):
        read_torch_weights(tmp_path / "x.pth")


@pytest.mark.parametrize("content", [[torch.ones(1)], {"step": 3}, {"params": torch.ones(1)}])
def test_a_file_without_names_and_tensors_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(ModelError, match="holds no weights by name"):
        read_torch_weights(tmp_path / "x.pth")


def test_half_weights_of_an_odd_number_are_read_up_to_the_padding(conv: nn.Conv2d, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", [conv, conv])
    for weight, bias in read_ncnn_convolutions(tmp_path / "x.bin"):
        assert torch.equal(weight, conv.weight.half().float())
        assert torch.equal(bias, conv.bias)


def test_an_ncnn_model_needs_both_of_its_files(conv: nn.Conv2d, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", [conv])
    (tmp_path / "x.param").unlink()
    with pytest.raises(ModelError, match=r"no .*x\.param"):
        read_ncnn_convolutions(tmp_path / "x.bin")


@pytest.mark.parametrize("kept", [2, 30, 60])
def test_an_ncnn_file_that_is_cut_short_is_refused(conv: nn.Conv2d, tmp_path: Path, kept: int) -> None:
    write_ncnn(tmp_path / "x", [conv])
    (tmp_path / "x.bin").write_bytes((tmp_path / "x.bin").read_bytes()[:kept])
    with pytest.raises(ModelError, match="does not hold the convolutions"):
        read_ncnn_convolutions(tmp_path / "x.bin")


def test_an_ncnn_file_with_more_than_it_should_have_is_refused(conv: nn.Conv2d, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", [conv])
    with (tmp_path / "x.bin").open("ab") as file:
        file.write(bytes(8))
    with pytest.raises(ModelError, match=r"80 bytes, .* describes 72"):
        read_ncnn_convolutions(tmp_path / "x.bin")


def test_an_unknown_tag_is_refused(conv: nn.Conv2d, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", [conv])
    content = (tmp_path / "x.bin").read_bytes()
    (tmp_path / "x.bin").write_bytes(b"\x6b\x4b\x0d\x00" + content[4:])  # ncnn's tag of int8 weights
    with pytest.raises(ModelError, match="tag 0x000d4b6b"):
        read_ncnn_convolutions(tmp_path / "x.bin")


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("\x00\x01", "expected 7767517"),
        ("7767517\n1 1\nPReLU p 1 1 a b 0=64\n", "has a layer PReLU p"),
        ("7767517\n1 1\nConvolution c 1 1 a b 0=64 1=3 6=9\n", "has a layer Convolution c"),
        ("7767517\n1 1\nConvolution c 1 1 a b 0=64 5=1 6=9\n", "has no shape"),
        ("7767517\n1 1\nConvolution c 1 1 a b 0=0 1=3 5=1 6=9\n", "has no shape"),
    ],
)
def test_a_param_file_that_is_not_understood_is_refused(param: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.param").write_text(param)
    (tmp_path / "x.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=message):
        read_ncnn_convolutions(tmp_path / "x.param")
